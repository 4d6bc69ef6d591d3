import { parseDuration } from '#api/foundation/duration.ts';
import type { CustomTag } from '#api/kinds/telemetry.ts';
import type { OpenTelemetryProvider } from '#api/mesh/extension-provider.ts';
import { OpenTelemetryConfigSchema } from '#api/xds/gen/envoy/config/trace/v3/opentelemetry_pb.js';
import type { HttpConnectionManager_TracingSchema } from '#api/xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import type { CustomTagSchema } from '#api/xds/gen/envoy/type/tracing/v3/custom_tag_pb.js';
import { durationOf, type Init, pack } from '../message.ts';
import { compare } from '../model/host-match.ts';
import { collectorHost } from './collectors.ts';

/** How the requests of one side of a workload are traced, as plain data. */
export interface TracingPlan {
  readonly collector: Collector;
  /** `service.name` of the spans. */
  readonly serviceName: string;
  /** Percent. */
  readonly sampling: number;
  readonly tags: Readonly<Record<string, CustomTag>>;
  readonly maxPathTagLength: number | undefined;
  /** Each try has a span of its own. */
  readonly spawnsSpans: boolean;
}

export interface Collector extends Pick<OpenTelemetryProvider, 'grpc' | 'http'> {
  readonly cluster: string;
  readonly authority: string;
}

/** Envoy wants one for HTTP; that of the OTLP exporters. */
const HTTP_TIMEOUT_MS = 10_000;

export function collectorOf(provider: OpenTelemetryProvider, cluster: string, trusted: boolean): Collector {
  const { grpc, http, port } = provider;
  const host = collectorHost(provider);
  /** Headers may be secrets: they are for proxies that are who they say they are. */
  const open = {
    ...(grpc === undefined
      ? {}
      : { grpc: { ...grpc, initialMetadata: trusted ? grpc.initialMetadata : [] } }),
    ...(http === undefined ? {} : { http: { ...http, headers: trusted ? http.headers : [] } }),
  };
  return { cluster, authority: http === undefined ? host : `${host}:${port}`, ...open };
}

export function tracingMessage(plan: TracingPlan): Init<typeof HttpConnectionManager_TracingSchema> {
  const config = pack(OpenTelemetryConfigSchema, {
    serviceName: plan.serviceName,
    ...exporter(plan.collector),
  });
  return {
    clientSampling: { value: 100 },
    randomSampling: { value: plan.sampling },
    overallSampling: { value: 100 },
    ...(plan.maxPathTagLength === undefined ? {} : { maxPathTagLength: plan.maxPathTagLength }),
    ...(plan.spawnsSpans ? { spawnUpstreamSpan: true } : {}),
    customTags: Object.entries(plan.tags)
      .sort(([a], [b]) => compare(a, b))
      .map(([name, tag]) => tagMessage(name, tag)),
    provider: {
      name: 'envoy.tracers.opentelemetry',
      configType: { case: 'typedConfig', value: config },
    },
  };
}

function exporter({
  cluster,
  authority,
  grpc,
  http,
}: Collector): Pick<Init<typeof OpenTelemetryConfigSchema>, 'grpcService' | 'httpService'> {
  if (http !== undefined) {
    return {
      httpService: {
        httpUri: {
          uri: `http://${authority}${http.path}`,
          httpUpstreamType: { case: 'cluster', value: cluster },
          timeout: durationOf(parseDuration(http.timeout ?? '') ?? HTTP_TIMEOUT_MS),
        },
        requestHeadersToAdd: (http.headers ?? []).map(({ name, value }) => ({
          header: { key: name, value },
        })),
      },
    };
  }
  const timeoutMs = parseDuration(grpc?.timeout ?? '');
  return {
    grpcService: {
      targetSpecifier: { case: 'envoyGrpc', value: { clusterName: cluster, authority } },
      ...(timeoutMs === undefined ? {} : { timeout: durationOf(timeoutMs) }),
      initialMetadata: (grpc?.initialMetadata ?? []).map(({ name, value }) => ({
        key: name.toLowerCase(),
        value,
      })),
    },
  };
}

function tagMessage(tag: string, { literal, environment, header }: CustomTag): Init<typeof CustomTagSchema> {
  if (literal !== undefined) return { tag, type: { case: 'literal', value: { value: literal.value } } };
  const { name = '', defaultValue = '' } = header ?? environment ?? {};
  return {
    tag,
    type: { case: header === undefined ? 'environment' : 'requestHeader', value: { name, defaultValue } },
  };
}
