/** Requests as the sidecars of Bookinfo send them: one page, every hop twice, a try of its own beneath each client span. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from '#api/otlp/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import type { KeyValueSchema } from '#api/otlp/gen/opentelemetry/proto/common/v1/common_pb.js';
import {
  Span_SpanKind as Kind,
  type SpanSchema,
  Status_StatusCode as StatusCode,
} from '#api/otlp/gen/opentelemetry/proto/trace/v1/trace_pb.js';

export interface Hop {
  readonly service: string;
  readonly name: string;
  readonly kind: 'server' | 'client';
  readonly id: number;
  /** 0 for none. */
  readonly parent: number;
  /** Milliseconds from the start of the page. */
  readonly from: number;
  readonly took: number;
  readonly tags?: Readonly<Record<string, string | number | boolean>>;
  readonly events?: readonly {
    readonly name: string;
    readonly at: number;
    readonly tags?: Readonly<Record<string, string>>;
  }[];
  readonly error?: string;
}

/** productpage → details, reviews → ratings: a first try at ratings fails, and there is a second one. */
export const PAGE: readonly Hop[] = [
  {
    service: 'productpage.default',
    name: 'GET /productpage',
    kind: 'server',
    id: 1,
    parent: 0,
    from: 0,
    took: 46,
  },
  {
    service: 'productpage.default',
    name: 'GET details.default',
    kind: 'client',
    id: 2,
    parent: 1,
    from: 3,
    took: 6.5,
  },
  { service: 'productpage.default', name: 'try', kind: 'client', id: 3, parent: 2, from: 3.2, took: 6.1 },
  {
    service: 'details.default',
    name: 'GET /details/0',
    kind: 'server',
    id: 4,
    parent: 3,
    from: 4,
    took: 4.4,
  },
  {
    service: 'productpage.default',
    name: 'GET reviews.default',
    kind: 'client',
    id: 5,
    parent: 1,
    from: 12,
    took: 31,
  },
  { service: 'productpage.default', name: 'try', kind: 'client', id: 6, parent: 5, from: 12.2, took: 30.6 },
  {
    service: 'reviews.default',
    name: 'GET /reviews/0',
    kind: 'server',
    id: 7,
    parent: 6,
    from: 13,
    took: 29,
  },
  {
    service: 'reviews.default',
    name: 'GET ratings.default',
    kind: 'client',
    id: 8,
    parent: 7,
    from: 15,
    took: 24,
    events: [{ name: 'retry', at: 22, tags: { 'retry.reason': '5xx' } }],
  },
  {
    service: 'reviews.default',
    name: 'try',
    kind: 'client',
    id: 9,
    parent: 8,
    from: 15.3,
    took: 6.4,
    error: 'answered 503',
    tags: {
      'http.response.status_code': 503,
      response_flags: 'UC',
      reason: '10.244.0.9:9080 closed the connection before it answered',
    },
  },
  {
    service: 'reviews.default',
    name: 'try',
    kind: 'client',
    id: 10,
    parent: 8,
    from: 24,
    took: 14.6,
    tags: { 'http.request.resend_count': 1, 'http.response.status_code': 200 },
  },
  {
    service: 'ratings.default',
    name: 'GET /ratings/0',
    kind: 'server',
    id: 11,
    parent: 10,
    from: 25,
    took: 12,
  },
];

export function requestOf(
  traceNumber: number,
  startMs: number,
  hops: readonly Hop[] = PAGE,
): ExportTraceServiceRequest {
  const services = Map.groupBy(hops, ({ service }) => service);
  return create(ExportTraceServiceRequestSchema, {
    resourceSpans: [...services].map(([service, own]) => ({
      resource: {
        attributes: attributesOf({
          'service.name': service,
          'k8s.namespace.name': 'default',
          'k8s.pod.name': `${service.split('.')[0]}-v1-6f7c9d8b5-x2x4z`,
        }),
      },
      scopeSpans: [{ scope: { name: 'weft' }, spans: own.map((hop) => spanOf(hop, traceNumber, startMs)) }],
    })),
  });
}

export function traceIdFor(traceNumber: number): string {
  return traceNumber.toString(16).padStart(32, '0');
}

function spanOf(hop: Hop, traceNumber: number, startMs: number): MessageInitShape<typeof SpanSchema> {
  const nanos = (ms: number): bigint => BigInt(Math.round((startMs + ms) * 1e3)) * 1000n;
  return {
    traceId: Buffer.from(traceIdFor(traceNumber), 'hex'),
    spanId: spanId(hop.id),
    parentSpanId: hop.parent === 0 ? new Uint8Array() : spanId(hop.parent),
    name: hop.name,
    kind: hop.kind === 'server' ? Kind.SERVER : Kind.CLIENT,
    startTimeUnixNano: nanos(hop.from),
    endTimeUnixNano: nanos(hop.from + hop.took),
    attributes: attributesOf({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'url.path': '/productpage',
      upstream_cluster: `outbound|9080||${hop.service}.svc.cluster.local`,
      'istio.canonical_service': hop.service.split('.')[0]!,
      'istio.mesh_id': 'cluster.local',
      'guid:x-request-id': '8a2b1a6e-7f0d-9a1c-8f53-1f2f9cbf1b0a',
      ...hop.tags,
    }),
    events: (hop.events ?? []).map(({ name, at, tags = {} }) => ({
      name,
      timeUnixNano: nanos(at),
      attributes: attributesOf(tags),
    })),
    status:
      hop.error === undefined ? { code: StatusCode.UNSET } : { code: StatusCode.ERROR, message: hop.error },
  };
}

function spanId(id: number): Uint8Array {
  return Buffer.from(id.toString(16).padStart(16, '0'), 'hex');
}

function attributesOf(
  tags: Readonly<Record<string, string | number | boolean>>,
): MessageInitShape<typeof KeyValueSchema>[] {
  return Object.entries(tags).map(([key, value]) => ({
    key,
    value: {
      value:
        typeof value === 'string'
          ? { case: 'stringValue' as const, value }
          : typeof value === 'boolean'
            ? { case: 'boolValue' as const, value }
            : { case: 'intValue' as const, value: BigInt(value) },
    },
  }));
}
