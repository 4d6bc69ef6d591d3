import { z } from 'zod';
import { ExportTo, LabelMap, PortNumber } from './istio-values.ts';
import { defineKind } from './kind.ts';
import { Condition, ObjectMeta } from './meta.ts';
import { serviceEntryChecks } from './service-entry-checks.ts';
import { WorkloadEntrySpec } from './workload-entry.ts';

export const ServiceEntryPort = z.strictObject({
  number: PortNumber,
  /** HTTP, HTTPS, GRPC, HTTP2, TCP, TLS or MONGO; else the port's name says it. */
  protocol: z.string().optional(),
  name: z.string().min(1),
  /** Where the endpoints listen; the number itself unless set. */
  targetPort: PortNumber.optional(),
});
export type ServiceEntryPort = z.infer<typeof ServiceEntryPort>;

/** Istio ServiceEntry: a service that the mesh did not make. */
export const ServiceEntrySchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('ServiceEntry'),
  metadata: ObjectMeta,
  spec: z.strictObject({
    hosts: z.array(z.string().min(1)).min(1),
    /** VIPs, or CIDR prefixes that TCP traffic goes to. */
    addresses: z.array(z.string()).optional(),
    ports: z.array(ServiceEntryPort).optional(),
    location: z.enum(['MESH_EXTERNAL', 'MESH_INTERNAL']).default('MESH_EXTERNAL'),
    /** NONE goes where the connection was going; DNS connects to what the name resolves to. */
    resolution: z.enum(['NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN']).default('NONE'),
    endpoints: z.array(WorkloadEntrySpec).optional(),
    workloadSelector: z.strictObject({ labels: LabelMap.optional() }).optional(),
    exportTo: ExportTo.optional(),
    /** Names of which one must be in the server's certificate. */
    subjectAltNames: z.array(z.string().min(1)).optional(),
  }),
  status: z
    .looseObject({
      conditions: z.array(Condition).optional(),
      /** VIPs that were given to hosts without an address (Istio's auto-allocation, 240.240.0.0/16). */
      addresses: z.array(z.strictObject({ value: z.string(), host: z.string() })).optional(),
    })
    .optional(),
});
export type ServiceEntry = z.infer<typeof ServiceEntrySchema>;

export const ServiceEntry = defineKind<ServiceEntry>({
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  kind: 'ServiceEntry',
  plural: 'serviceentries',
  shortNames: ['se'],
  categories: ['istio-io', 'networking-istio-io'],
  subresources: ['status'],
  schema: ServiceEntrySchema,
  checks: serviceEntryChecks,
  columns: [
    { name: 'Hosts', value: (entry) => JSON.stringify(entry.spec.hosts) },
    { name: 'Location', value: (entry) => entry.spec.location },
    { name: 'Resolution', value: (entry) => entry.spec.resolution },
    { name: 'Age', type: 'date', value: (entry) => entry.metadata.creationTimestamp ?? '' },
  ],
});
