import { z } from 'zod';
import { LabelMap, PortNumber } from './istio-values.ts';
import { defineKind } from './kind.ts';
import { Condition, ObjectMeta } from './meta.ts';
import { workloadEntryChecks } from './workload-entry-checks.ts';

/** Istio WorkloadEntry: an address that answers for a service and is no pod. */
export const WorkloadEntrySpec = z.strictObject({
  /** An IP address, or a DNS name where the ServiceEntry resolves by DNS. */
  address: z.string().min(1).optional(),
  /** By the ServiceEntry's port name; a port that is not named here is the service's own. */
  ports: z.record(z.string(), PortNumber).optional(),
  labels: LabelMap.optional(),
  /** `REGION/ZONE/SUBZONE` */
  locality: z.string().optional(),
  /** Bounded so that those of a locality add up to a weight that can travel (a uint32). */
  weight: z.int().min(1).max(1_000_000).optional(),
  serviceAccount: z.string().optional(),
});
export type WorkloadEntrySpec = z.infer<typeof WorkloadEntrySpec>;

export const WorkloadEntrySchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('WorkloadEntry'),
  metadata: ObjectMeta,
  spec: WorkloadEntrySpec,
  status: z.looseObject({ conditions: z.array(Condition).optional() }).optional(),
});
export type WorkloadEntry = z.infer<typeof WorkloadEntrySchema>;

export const WorkloadEntry = defineKind<WorkloadEntry>({
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  kind: 'WorkloadEntry',
  plural: 'workloadentries',
  shortNames: ['we'],
  categories: ['istio-io', 'networking-istio-io'],
  subresources: ['status'],
  schema: WorkloadEntrySchema,
  checks: workloadEntryChecks,
  columns: [
    { name: 'Age', type: 'date', value: (entry) => entry.metadata.creationTimestamp ?? '' },
    { name: 'Address', value: (entry) => entry.spec.address ?? '' },
  ],
});
