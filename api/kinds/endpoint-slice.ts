import { z } from 'zod';
import { defineKind } from './kind.ts';
import { ObjectMeta } from './meta.ts';

export const Endpoint = z.strictObject({
  addresses: z.array(z.string()).min(1),
  conditions: z
    .strictObject({
      ready: z.boolean().optional(),
      serving: z.boolean().optional(),
      terminating: z.boolean().optional(),
    })
    .optional(),
  hostname: z.string().optional(),
  nodeName: z.string().optional(),
  zone: z.string().optional(),
  targetRef: z
    .looseObject({ kind: z.string(), name: z.string(), namespace: z.string().optional() })
    .optional(),
});
export type Endpoint = z.infer<typeof Endpoint>;

export const EndpointSliceSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('EndpointSlice'),
  metadata: ObjectMeta,
  addressType: z.literal('IPv4'),
  endpoints: z.array(Endpoint).default([]),
  ports: z
    .array(
      z.strictObject({
        /** The service port's name; '' for an unnamed one. */
        name: z.string().optional(),
        protocol: z.enum(['TCP', 'UDP']).default('TCP'),
        port: z.int().min(1).max(65535).optional(),
        appProtocol: z.string().optional(),
      }),
    )
    .default([]),
});
export type EndpointSlice = z.infer<typeof EndpointSliceSchema>;

/** The label that ties a slice to its service. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

export const EndpointSlice = defineKind<EndpointSlice>({
  group: 'discovery.k8s.io',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  schema: EndpointSliceSchema,
  columns: [
    { name: 'AddressType', value: (slice) => slice.addressType },
    { name: 'Ports', value: (slice) => slice.ports.map((port) => port.port ?? '*').join(',') || '<unset>' },
    {
      name: 'Endpoints',
      value: (slice) => slice.endpoints.flatMap((e) => e.addresses).join(',') || '<unset>',
    },
    { name: 'Age', type: 'date', value: (slice) => slice.metadata.creationTimestamp ?? '' },
  ],
});
