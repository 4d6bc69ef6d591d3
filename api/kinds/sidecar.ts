import { z } from 'zod';
import { LabelMap, PortNumber } from './istio-values.ts';
import { defineKind } from './kind.ts';
import { Condition, ObjectMeta } from './meta.ts';
import { sidecarChecks } from './sidecar-checks.ts';

/** Istio IstioEgressListener. Without a port it is for every service that no other listener takes. */
export const EgressListener = z.strictObject({
  port: z
    .strictObject({ number: PortNumber, protocol: z.string().optional(), name: z.string().optional() })
    .optional(),
  /** `NAMESPACE/HOST`: NAMESPACE is `.`, `*`, `~` or a name, HOST a name or a wildcard. */
  hosts: z.array(z.string().min(1)).min(1),
});
export type EgressListener = z.infer<typeof EgressListener>;

/** Istio Sidecar: what the workloads of a namespace may see of the mesh, and what happens to the rest. */
export const SidecarSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Sidecar'),
  metadata: ObjectMeta,
  spec: z.strictObject({
    /** None: every workload of the namespace, or of the mesh when it stands in the root namespace. */
    workloadSelector: z.strictObject({ labels: LabelMap.optional() }).optional(),
    egress: z.array(EgressListener).optional(),
    outboundTrafficPolicy: z
      .strictObject({
        mode: z.enum(['REGISTRY_ONLY', 'ALLOW_ANY']).optional(),
      })
      .optional(),
  }),
  status: z.looseObject({ conditions: z.array(Condition).optional() }).optional(),
});
export type Sidecar = z.infer<typeof SidecarSchema>;

export const Sidecar = defineKind<Sidecar>({
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  kind: 'Sidecar',
  plural: 'sidecars',
  categories: ['istio-io', 'networking-istio-io'],
  subresources: ['status'],
  schema: SidecarSchema,
  checks: sidecarChecks,
  columns: [{ name: 'Age', type: 'date', value: (sidecar) => sidecar.metadata.creationTimestamp ?? '' }],
});
