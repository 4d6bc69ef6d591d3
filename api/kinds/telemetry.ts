import { z } from 'zod';
import { LabelMap } from './istio-values.ts';
import { defineKind } from './kind.ts';
import { Condition, ObjectMeta } from './meta.ts';
import { telemetryChecks } from './telemetry-checks.ts';

/** Istio WorkloadMode: of the requests that a workload sends, of those that it receives, or of both. */
const WorkloadMode = z.enum(['CLIENT_AND_SERVER', 'CLIENT', 'SERVER']);
export type WorkloadMode = z.infer<typeof WorkloadMode>;

const ModeMatch = z.strictObject({ mode: WorkloadMode.optional() });
/** Names of extension providers of the mesh, or of those that are built in. */
const Providers = z.array(z.strictObject({ name: z.string() }));

/** Istio Tracing.CustomTag: exactly one of the three. */
export const CustomTag = z.strictObject({
  literal: z.strictObject({ value: z.string() }).optional(),
  environment: z.strictObject({ name: z.string(), defaultValue: z.string().optional() }).optional(),
  header: z.strictObject({ name: z.string(), defaultValue: z.string().optional() }).optional(),
});
export type CustomTag = z.infer<typeof CustomTag>;

/** Istio Tracing. */
export const Tracing = z.strictObject({
  match: ModeMatch.optional(),
  /** The first one counts. */
  providers: Providers.optional(),
  /** Of the requests whose callers have not decided; 100 is all. */
  randomSamplingPercentage: z.number().min(0).max(100).optional(),
  disableSpanReporting: z.boolean().optional(),
  customTags: z.record(z.string(), CustomTag).optional(),
  /** `istio.canonical_service` and the like on every span; true unless set. */
  enableIstioTags: z.boolean().optional(),
  /** Decisions travel in the trace context only: `true` is refused. */
  useRequestIdForTraceSampling: z.boolean().optional(),
});
export type Tracing = z.infer<typeof Tracing>;

/** Istio's standard metrics that weft has, in its words. */
export const IstioMetric = z.enum([
  'ALL_METRICS',
  'REQUEST_COUNT',
  'REQUEST_DURATION',
  'REQUEST_SIZE',
  'RESPONSE_SIZE',
  'TCP_OPENED_CONNECTIONS',
  'TCP_CLOSED_CONNECTIONS',
  'TCP_SENT_BYTES',
  'TCP_RECEIVED_BYTES',
]);
export type IstioMetric = z.infer<typeof IstioMetric>;

/** UPSERT, the default, sets the tag to what an expression of the Common Expression Language comes to. */
const TagOverride = z.strictObject({
  operation: z.enum(['UPSERT', 'REMOVE']).optional(),
  value: z.string().optional(),
});

/** Istio MetricsOverrides: without a match it is for every metric. */
const MetricsOverride = z.strictObject({
  match: z
    .strictObject({
      metric: IstioMetric.optional(),
      /** A metric by the name that it has in Prometheus, without `istio_`. */
      customMetric: z.string().optional(),
      mode: WorkloadMode.optional(),
    })
    .optional(),
  disabled: z.boolean().optional(),
  tagOverrides: z.record(z.string(), TagOverride).optional(),
});
export type MetricsOverride = z.infer<typeof MetricsOverride>;

/** Istio Metrics. */
export const Metrics = z.strictObject({
  providers: Providers.optional(),
  overrides: z.array(MetricsOverride).optional(),
  /** How old what is told of TCP may be. Sidecars count bytes as they pass, so that every interval is kept. */
  reportingInterval: z.string().optional(),
});
export type Metrics = z.infer<typeof Metrics>;

/** Istio AccessLogging. */
export const AccessLogging = z.strictObject({
  match: ModeMatch.optional(),
  providers: Providers.optional(),
  disabled: z.boolean().optional(),
  filter: z.strictObject({ expression: z.string() }).optional(),
});
export type AccessLogging = z.infer<typeof AccessLogging>;

/**
 * Istio Telemetry: what is told of workloads' traffic. Without a selector it is for its namespace, in the root namespace
 * for the mesh.
 */
export const TelemetrySchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Telemetry'),
  metadata: ObjectMeta,
  spec: z
    .strictObject({
      selector: z.strictObject({ matchLabels: LabelMap.optional() }).optional(),
      tracing: z.array(Tracing).optional(),
      metrics: z.array(Metrics).optional(),
      accessLogging: z.array(AccessLogging).optional(),
    })
    .default({}),
  status: z.looseObject({ conditions: z.array(Condition).optional() }).optional(),
});
export type Telemetry = z.infer<typeof TelemetrySchema>;

export const Telemetry = defineKind<Telemetry>({
  group: 'telemetry.istio.io',
  versions: ['v1', 'v1alpha1'],
  kind: 'Telemetry',
  plural: 'telemetries',
  singular: 'telemetry',
  categories: ['istio-io', 'telemetry-istio-io'],
  subresources: ['status'],
  schema: TelemetrySchema,
  checks: telemetryChecks,
  columns: [
    { name: 'Selector', value: ({ spec }) => labelText(spec.selector?.matchLabels) },
    {
      name: 'Sections',
      value: ({ spec }) =>
        (['metrics', 'tracing', 'accessLogging'] as const)
          .filter((section) => (spec[section] ?? []).length > 0)
          .join(','),
    },
    { name: 'Age', type: 'date', value: ({ metadata }) => metadata.creationTimestamp ?? '' },
  ],
});

function labelText(labels: Readonly<Record<string, string>> = {}): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}
