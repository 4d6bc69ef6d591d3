import { z } from 'zod';
import {
  DurationOrZero,
  ExportTo,
  HeaderMatch,
  IstioDuration,
  LabelMap,
  Percent,
  PortNumber,
  PortSelector,
  StringMatch,
} from './istio-values.ts';
import { defineKind } from './kind.ts';
import { Condition, ObjectMeta } from './meta.ts';
import { virtualServiceChecks } from './virtual-service-checks.ts';

/** Istio HTTPMatchRequest: fields in AND; matches of a route in OR. */
export const HttpMatch = z.strictObject({
  name: z.string().optional(),
  uri: StringMatch.optional(),
  scheme: StringMatch.optional(),
  method: StringMatch.optional(),
  authority: StringMatch.optional(),
  headers: z.record(z.string(), HeaderMatch).optional(),
  withoutHeaders: z.record(z.string(), HeaderMatch).optional(),
  queryParams: z.record(z.string(), HeaderMatch).optional(),
  port: PortNumber.optional(),
  ignoreUriCase: z.boolean().optional(),
  sourceLabels: LabelMap.optional(),
  sourceNamespace: z.string().optional(),
  /** Overrides the rule's own `gateways`. */
  gateways: z.array(z.string()).optional(),
  statPrefix: z.string().optional(),
});
export type HttpMatch = z.infer<typeof HttpMatch>;

export const Destination = z.strictObject({
  host: z.string().min(1),
  subset: z.string().optional(),
  port: PortSelector.optional(),
});
export type Destination = z.infer<typeof Destination>;

/** Istio Headers.HeaderOperations. */
export const HeaderOperations = z.strictObject({
  set: z.record(z.string(), z.string()).optional(),
  add: z.record(z.string(), z.string()).optional(),
  remove: z.array(z.string()).optional(),
});
export type HeaderOperations = z.infer<typeof HeaderOperations>;

export const HeaderEdits = z.strictObject({
  request: HeaderOperations.optional(),
  response: HeaderOperations.optional(),
});
export type HeaderEdits = z.infer<typeof HeaderEdits>;

const Weight = z.int().min(0).optional();

export const HttpDestination = z.strictObject({
  destination: Destination,
  weight: Weight,
  headers: HeaderEdits.optional(),
});
export type HttpDestination = z.infer<typeof HttpDestination>;

export const HttpRedirect = z.strictObject({
  uri: z.string().optional(),
  authority: z.string().optional(),
  port: PortNumber.optional(),
  derivePort: z.enum(['FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT']).optional(),
  scheme: z.string().optional(),
  redirectCode: z.int().optional(),
});
export type HttpRedirect = z.infer<typeof HttpRedirect>;

export const HttpDirectResponse = z.strictObject({
  status: z.int().min(100).max(599),
  body: z.union([z.strictObject({ string: z.string() }), z.strictObject({ bytes: z.base64() })]).optional(),
});
export type HttpDirectResponse = z.infer<typeof HttpDirectResponse>;

export const HttpRewrite = z.strictObject({
  uri: z.string().optional(),
  authority: z.string().optional(),
  uriRegexRewrite: z.strictObject({ match: z.string(), rewrite: z.string() }).optional(),
});
export type HttpRewrite = z.infer<typeof HttpRewrite>;

export const HttpRetry = z.strictObject({
  /** Tries beyond the first; 0 switches retries off. */
  attempts: z.int().min(0).optional(),
  perTryTimeout: DurationOrZero.optional(),
  /** Envoy's words and status codes, separated by commas. */
  retryOn: z.string().optional(),
  retryRemoteLocalities: z.boolean().optional(),
  retryIgnorePreviousHosts: z.boolean().optional(),
  /** Base of the exponential back-off between tries; Envoy's default is 25ms. */
  backoff: IstioDuration.optional(),
});
export type HttpRetry = z.infer<typeof HttpRetry>;

export const HttpFault = z.strictObject({
  delay: z
    .strictObject({
      fixedDelay: IstioDuration,
      percentage: Percent.optional(),
      /** Istio's older, whole percent. */
      percent: z.int().min(0).max(100).optional(),
    })
    .optional(),
  abort: z.strictObject({ httpStatus: z.int().min(200).max(599), percentage: Percent.optional() }).optional(),
});
export type HttpFault = z.infer<typeof HttpFault>;

export const HttpMirror = z.strictObject({ destination: Destination, percentage: Percent.optional() });
export type HttpMirror = z.infer<typeof HttpMirror>;

export const CorsPolicy = z.strictObject({
  allowOrigins: z.array(StringMatch).optional(),
  allowMethods: z.array(z.string()).optional(),
  allowHeaders: z.array(z.string()).optional(),
  exposeHeaders: z.array(z.string()).optional(),
  maxAge: DurationOrZero.optional(),
  allowCredentials: z.boolean().optional(),
  unmatchedPreflights: z.enum(['UNSPECIFIED', 'FORWARD', 'IGNORE']).optional(),
});
export type CorsPolicy = z.infer<typeof CorsPolicy>;

/** Istio HTTPRoute. Without a `match` it takes everything. */
export const HttpRoute = z.strictObject({
  name: z.string().optional(),
  match: z.array(HttpMatch).optional(),
  route: z.array(HttpDestination).optional(),
  redirect: HttpRedirect.optional(),
  directResponse: HttpDirectResponse.optional(),
  delegate: z.strictObject({ name: z.string().optional(), namespace: z.string().optional() }).optional(),
  rewrite: HttpRewrite.optional(),
  /** Whole-request deadline; none unless set (Istio HTTPRoute.timeout). */
  timeout: DurationOrZero.optional(),
  retries: HttpRetry.optional(),
  fault: HttpFault.optional(),
  mirror: Destination.optional(),
  mirrorPercentage: Percent.optional(),
  /** Istio's older, whole percent. */
  mirrorPercent: z.int().min(0).max(100).optional(),
  mirrors: z.array(HttpMirror).optional(),
  corsPolicy: CorsPolicy.optional(),
  headers: HeaderEdits.optional(),
});
export type HttpRoute = z.infer<typeof HttpRoute>;

export const RouteDestination = z.strictObject({ destination: Destination, weight: Weight });
export type RouteDestination = z.infer<typeof RouteDestination>;

/** What TCP and TLS matches have in common (Istio L4MatchAttributes). */
const L4_FIELDS = {
  destinationSubnets: z.array(z.string()).optional(),
  port: PortNumber.optional(),
  sourceLabels: LabelMap.optional(),
  gateways: z.array(z.string()).optional(),
  sourceNamespace: z.string().optional(),
};

export const L4Match = z.strictObject(L4_FIELDS);
export type L4Match = z.infer<typeof L4Match>;

export const TcpRoute = z.strictObject({
  match: z.array(L4Match).optional(),
  route: z.array(RouteDestination).min(1),
});
export type TcpRoute = z.infer<typeof TcpRoute>;

export const TlsMatch = z.strictObject({ sniHosts: z.array(z.string().min(1)).min(1), ...L4_FIELDS });
export type TlsMatch = z.infer<typeof TlsMatch>;

export const TlsRoute = z.strictObject({
  match: z.array(TlsMatch).min(1),
  route: z.array(RouteDestination).min(1),
});
export type TlsRoute = z.infer<typeof TlsRoute>;

export const VirtualServiceSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('VirtualService'),
  metadata: ObjectMeta,
  spec: z.strictObject({
    /** None: the routes are for a VirtualService that delegates to this one. */
    hosts: z.array(z.string().min(1)).optional(),
    /** `mesh` is every sidecar; others are Gateways as `NAME` or `NAMESPACE/NAME`. Default: `mesh`. */
    gateways: z.array(z.string().min(1)).optional(),
    http: z.array(HttpRoute).optional(),
    tls: z.array(TlsRoute).optional(),
    tcp: z.array(TcpRoute).optional(),
    exportTo: ExportTo.optional(),
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
    { name: 'Hosts', value: (service) => JSON.stringify(service.spec.hosts ?? []) },
    { name: 'Age', type: 'date', value: (service) => service.metadata.creationTimestamp ?? '' },
  ],
});
