import { z } from 'zod';
import { parseDuration } from '#api/foundation/duration.ts';
import { defineKind } from './kind.ts';
import { Condition, ObjectMeta } from './meta.ts';
import { virtualServiceChecks } from './virtual-service-checks.ts';

/** Istio's protobuf Duration in YAML: Go syntax, at least 1 ms. */
export const IstioDuration = z.string().refine((text) => (parseDuration(text) ?? 0) >= 1, {
  message: 'must be a duration of at least 1ms, such as 500ms or 2s',
});

/** Istio StringMatch: exactly one of the three. `regex` is RE2 and matches the whole value. */
export const StringMatch = z.union([
  z.strictObject({ exact: z.string() }),
  z.strictObject({ prefix: z.string() }),
  z.strictObject({ regex: z.string() }),
]);
export type StringMatch = z.infer<typeof StringMatch>;

/** Istio header match: `{}` asks for the header to be present. */
export const HeaderMatch = z.union([StringMatch, z.strictObject({})]);
export type HeaderMatch = z.infer<typeof HeaderMatch>;

/** Istio HTTPMatchRequest: fields in AND; matches of a route in OR. */
export const HttpMatch = z.strictObject({
  name: z.string().optional(),
  uri: StringMatch.optional(),
  method: StringMatch.optional(),
  authority: StringMatch.optional(),
  headers: z.record(z.string(), HeaderMatch).optional(),
  withoutHeaders: z.record(z.string(), HeaderMatch).optional(),
  port: z.int().min(1).max(65535).optional(),
  ignoreUriCase: z.boolean().optional(),
});
export type HttpMatch = z.infer<typeof HttpMatch>;

export const Destination = z.strictObject({
  host: z.string().min(1),
  subset: z.string().optional(),
  port: z.strictObject({ number: z.int().min(1).max(65535) }).optional(),
});
export type Destination = z.infer<typeof Destination>;

export const HttpRoute = z.strictObject({
  name: z.string().optional(),
  match: z.array(HttpMatch).optional(),
  route: z.array(z.strictObject({ destination: Destination, weight: z.int().min(0).optional() })).min(1),
  /** Whole-request deadline; none unless set (Istio HTTPRoute.timeout). */
  timeout: IstioDuration.optional(),
});
export type HttpRoute = z.infer<typeof HttpRoute>;

export const VirtualServiceSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('VirtualService'),
  metadata: ObjectMeta,
  spec: z.strictObject({
    hosts: z.array(z.string().min(1)).min(1),
    /** Only the mesh itself, for now. */
    gateways: z.array(z.literal('mesh')).optional(),
    http: z.array(HttpRoute).optional(),
  }),
  status: z.looseObject({ conditions: z.array(Condition).optional() }).optional(),
});
export type VirtualService = z.infer<typeof VirtualServiceSchema>;

export const VirtualService = defineKind<VirtualService>({
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  kind: 'VirtualService',
  plural: 'virtualservices',
  shortNames: ['vs'],
  categories: ['istio-io', 'networking-istio-io'],
  subresources: ['status'],
  schema: VirtualServiceSchema,
  checks: virtualServiceChecks,
  columns: [
    { name: 'Gateways', value: (service) => JSON.stringify(service.spec.gateways ?? []) },
    { name: 'Hosts', value: (service) => JSON.stringify(service.spec.hosts) },
    { name: 'Age', type: 'date', value: (service) => service.metadata.creationTimestamp ?? '' },
  ],
});
