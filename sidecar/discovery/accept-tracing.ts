/**
 * How a connection manager traces, as Istio says it: OpenTelemetry over gRPC or HTTP.
 *
 * `client_sampling` is a share of the requests with `x-client-trace-id`. `x-envoy-force-trace` does not count: Envoy heeds
 * it from inside the mesh only, which a sidecar cannot tell, and any client could have every request recorded.
 */
import type { HeaderValue, HeaderValueOption } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import {
  HeaderValueOption_HeaderAppendAction as AppendAction,
  HeaderValueOptionSchema,
  HeaderValueSchema,
} from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import {
  type GrpcService,
  GrpcService_EnvoyGrpcSchema,
  GrpcServiceSchema,
} from '#api/xds/gen/envoy/config/core/v3/grpc_service_pb.js';
import { type HttpService, HttpServiceSchema } from '#api/xds/gen/envoy/config/core/v3/http_service_pb.js';
import { HttpUriSchema } from '#api/xds/gen/envoy/config/core/v3/http_uri_pb.js';
import {
  type OpenTelemetryConfig,
  OpenTelemetryConfigSchema,
} from '#api/xds/gen/envoy/config/trace/v3/opentelemetry_pb.js';
import {
  type HttpConnectionManager,
  HttpConnectionManager_TracingSchema,
} from '#api/xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import {
  type CustomTag as CustomTagMessage,
  CustomTagSchema,
} from '#api/xds/gen/envoy/type/tracing/v3/custom_tag_pb.js';
import type { CustomTag, TracingSpec } from '#sidecar/tracing/tracing-spec.ts';
import { acceptDuration } from './durations.ts';
import { acceptPercent } from './percents.ts';
import type { Place } from './refusals.ts';
import { unpack } from './unpack.ts';

type Exporter = TracingSpec['exporter'];

const SUPPORTED = new Set([
  'client_sampling',
  'random_sampling',
  'overall_sampling',
  'max_path_tag_length',
  'custom_tags',
  'provider',
  'spawn_upstream_span',
]);
/** Envoy's. */
const MAX_PATH_LENGTH = 256;
const UNKNOWN_SERVICE = 'unknown_service:envoy';
const TRACES_PATH = '/v1/traces';
/** The OTLP exporters' own (OTEL_EXPORTER_OTLP_TIMEOUT); Envoy asks for one with HTTP. */
const TIMEOUT_MS = 10_000;
const AUTHORITY = /^[A-Za-z0-9.:[\]_~-]+$/;
const MILLION = 1_000_000;
/** Metadata and header lines of an export: a name as HTTP/2 has it, and values without control characters. */
const NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
const VALUE = /^[\t\x20-\x7e]*$/;
/** Those that say how an export travels. */
const OWN_NAMES =
  /^(?:content-type|content-length|content-encoding|te|host|connection|transfer-encoding|grpc-.*)$/;

/** Undefined: nothing is traced. */
export function acceptTracing(
  { tracing }: Pick<HttpConnectionManager, 'tracing'>,
  place: Place,
): TracingSpec | undefined {
  if (tracing === undefined) return undefined;
  place.allow(HttpConnectionManager_TracingSchema, tracing, SUPPORTED);
  const shareOf = (name: 'client' | 'random' | 'overall'): number =>
    Math.round(
      acceptPercent(tracing[`${name}Sampling`], 100, place.in(`${name}_sampling`)) * (MILLION / 100),
    );
  const overall = shareOf('overall');
  const customTags = acceptCustomTags(tracing.customTags, place.in('custom_tags'));
  const limits = {
    share: Math.min(shareOf('random'), overall),
    clientShare: Math.min(shareOf('client'), overall),
  };
  /** Without a provider of its own nothing is traced, as in Envoy without a bootstrap's. */
  if (tracing.provider === undefined) return undefined;
  const here = place.in('provider');
  const { configType, name } = tracing.provider;
  const config = unpack(
    configType.case === 'typedConfig' ? configType.value : undefined,
    OpenTelemetryConfigSchema,
  );
  if (config === undefined) {
    here.refuse(`tracer ${name} (${configType.value?.typeUrl ?? 'without configuration'}) is not supported`);
    return undefined;
  }
  const exporter = acceptExporter(config, here);
  if (exporter === undefined) return undefined;
  const spec = {
    ...limits,
    trySpans: tracing.spawnUpstreamSpan === true,
    exporter,
    serviceName: config.serviceName === '' ? UNKNOWN_SERVICE : config.serviceName,
    maxPathLength: tracing.maxPathTagLength ?? MAX_PATH_LENGTH,
    customTags,
  };
  return { ...spec, key: JSON.stringify(spec) };
}

function acceptExporter(config: OpenTelemetryConfig, place: Place): Exporter | undefined {
  place.allow(OpenTelemetryConfigSchema, config, new Set(['grpc_service', 'http_service', 'service_name']));
  const { grpcService, httpService } = config;
  if ((grpcService === undefined) === (httpService === undefined)) {
    place.refuse('names neither or both of grpc_service and http_service');
    return undefined;
  }
  if (grpcService !== undefined) return acceptGrpc(grpcService, place.in('grpc_service'));
  return acceptHttp(httpService!, place.in('http_service'));
}

function acceptGrpc(service: GrpcService, place: Place): Exporter | undefined {
  place.allow(GrpcServiceSchema, service, new Set(['envoy_grpc', 'timeout', 'initial_metadata']));
  const { targetSpecifier: target, timeout, initialMetadata } = service;
  if (target.case !== 'envoyGrpc') return undefined;
  const here = place.in('envoy_grpc');
  here.allow(GrpcService_EnvoyGrpcSchema, target.value, new Set(['cluster_name', 'authority']));
  const { clusterName: cluster } = target.value;
  if (cluster === '') here.in('cluster_name').refuse('must not be empty');
  const authority = target.value.authority === '' ? hostIn(cluster) : target.value.authority;
  if (cluster !== '' && !AUTHORITY.test(authority))
    here.in('authority').refuse('is not a host with or without a port');
  return {
    protocol: 'grpc',
    cluster,
    path: '',
    authority,
    timeoutMs:
      timeout === undefined ? TIMEOUT_MS : acceptDuration(timeout, place.in('timeout')) || TIMEOUT_MS,
    headers: acceptHeaders(initialMetadata, place.in('initial_metadata')),
  };
}

/**
 * Envoy sends the cluster's name where no authority is said. Istio's names (`outbound|4317||HOST`) are none, and HTTP/2 servers
 * refuse them: of these it is the host.
 */
function hostIn(cluster: string): string {
  return cluster.slice(cluster.lastIndexOf('|') + 1);
}

function acceptHttp(service: HttpService, place: Place): Exporter | undefined {
  place.allow(HttpServiceSchema, service, new Set(['http_uri', 'request_headers_to_add']));
  const { httpUri, requestHeadersToAdd } = service;
  const here = place.in('http_uri');
  if (httpUri === undefined) {
    here.refuse('must be said');
    return undefined;
  }
  here.allow(HttpUriSchema, httpUri, new Set(['uri', 'cluster', 'timeout']));
  const { uri, timeout, httpUpstreamType } = httpUri;
  if (httpUpstreamType.case !== 'cluster' || httpUpstreamType.value === '')
    here.in('cluster').refuse('must not be empty');
  const url = URL.parse(uri);
  if (url === null || !/^https?:$/.test(url.protocol)) here.in('uri').refuse('is not an http or https URL');
  const headers = requestHeadersToAdd.flatMap((option) => acceptHeaderOption(option, place));
  return {
    protocol: 'http',
    cluster: httpUpstreamType.value ?? '',
    path: url === null || url.pathname === '/' ? TRACES_PATH : `${url.pathname}${url.search}`,
    authority: url?.host ?? '',
    timeoutMs: timeout === undefined ? TIMEOUT_MS : acceptDuration(timeout, here.in('timeout')) || TIMEOUT_MS,
    headers: acceptHeaders(headers, place.in('request_headers_to_add')),
  };
}

/** Each export is a request of its own: appending to no lines and overwriting them is the same. */
function acceptHeaderOption(option: HeaderValueOption, place: Place): HeaderValue[] {
  const here = place.in('request_headers_to_add');
  here.allow(
    HeaderValueOptionSchema,
    option,
    new Set(['header', 'append_action', 'append', 'keep_empty_value']),
  );
  if (option.appendAction === AppendAction.OVERWRITE_IF_EXISTS) {
    here.in('append_action').refuse('OVERWRITE_IF_EXISTS is not supported');
  }
  return option.header === undefined ? [] : [option.header];
}

function acceptHeaders(headers: readonly HeaderValue[], place: Place): Exporter['headers'] {
  return headers.map((header) => {
    place.allow(HeaderValueSchema, header, new Set(['key', 'value']));
    const name = header.key.toLowerCase();
    if (!NAME.test(name) || OWN_NAMES.test(name))
      place.refuse(`${JSON.stringify(header.key)} cannot be sent`);
    /** Values may be secrets. */
    if (!VALUE.test(header.value)) place.refuse(`the value of ${JSON.stringify(header.key)} cannot be sent`);
    return [name, header.value] as const;
  });
}

function acceptCustomTags(tags: readonly CustomTagMessage[], place: Place): CustomTag[] {
  const names = new Set<string>();
  return tags.flatMap((tag) => {
    place.allow(CustomTagSchema, tag, new Set(['tag', 'literal', 'environment', 'request_header']));
    const accepted = acceptCustomTag(tag, place);
    if (tag.tag === '') place.refuse('a tag has no name');
    else if (names.has(tag.tag)) place.refuse(`${tag.tag} stands twice`);
    names.add(tag.tag);
    return accepted === undefined ? [] : [accepted];
  });
}

function acceptCustomTag({ tag: name, type }: CustomTagMessage, place: Place): CustomTag | undefined {
  switch (type.case) {
    case 'literal':
      return { name, from: 'literal', value: type.value.value };
    case 'environment':
      if (type.value.name === '') place.refuse(`${name} names no variable`);
      return { name, from: 'environment', variable: type.value.name, fallback: type.value.defaultValue };
    case 'requestHeader':
      if (type.value.name === '') place.refuse(`${name} names no header`);
      return {
        name,
        from: 'header',
        header: type.value.name.toLowerCase(),
        fallback: type.value.defaultValue,
      };
    case 'metadata':
      return undefined;
    default:
      place.refuse(`${name} is made of nothing`);
      return undefined;
  }
}
