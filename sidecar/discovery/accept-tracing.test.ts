import { fromJson, type JsonObject, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from 'vitest';
import { OpenTelemetryConfigSchema } from '#api/xds/gen/envoy/config/trace/v3/opentelemetry_pb.js';
import {
  HttpConnectionManager_TracingSchema,
  HttpConnectionManagerSchema,
} from '#api/xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import type { TracingSpec } from '#sidecar/tracing/tracing-spec.ts';
import { acceptTracing } from './accept-tracing.ts';
import { accept } from './refusals.ts';

const GRPC = { grpc_service: { envoy_grpc: { cluster_name: 'outbound|4317||tempo.test' } } };
const HTTP = {
  http_service: { http_uri: { uri: 'http://tempo.test:4318/v1/traces', cluster: 'c', timeout: '1s' } },
};

function read(provider: JsonObject | undefined, tracing: JsonObject = {}) {
  const message = fromJson(HttpConnectionManager_TracingSchema, tracing);
  if (provider !== undefined) {
    const config = anyPack(OpenTelemetryConfigSchema, fromJson(OpenTelemetryConfigSchema, provider));
    message.provider = {
      $typeName: 'envoy.config.trace.v3.Tracing.Http',
      name: 'envoy.tracers.opentelemetry',
      configType: { case: 'typedConfig', value: config },
    };
  }
  return accept((place) => acceptTracing({ tracing: message }, place.in('tracing')));
}

function specIn(...args: Parameters<typeof read>): TracingSpec {
  const accepted = read(...args);
  if (!accepted.ok || accepted.value === undefined) throw new Error(JSON.stringify(accepted));
  return accepted.value;
}

describe('what is accepted', () => {
  test('no tracing, and tracing without a provider', () => {
    const manager = fromJson(HttpConnectionManagerSchema, { stat_prefix: 'x' });
    expect(toBinary(HttpConnectionManagerSchema, manager).length).toBeGreaterThan(0);
    expect(accept((place) => acceptTracing(manager, place))).toEqual({ ok: true, value: undefined });
    expect(read(undefined)).toEqual({ ok: true, value: undefined });
  });

  test("what is not said is Envoy's", () => {
    expect(specIn(GRPC)).toMatchObject({
      share: 1_000_000,
      clientShare: 1_000_000,
      trySpans: false,
      serviceName: 'unknown_service:envoy',
      maxPathLength: 256,
      customTags: [],
      exporter: {
        protocol: 'grpc',
        cluster: 'outbound|4317||tempo.test',
        authority: 'tempo.test',
        timeoutMs: 10_000,
        headers: [],
      },
    });
  });

  test('what Istio sends', () => {
    const tags = [
      { tag: 'mesh', literal: { value: 'demo' } },
      { tag: 'user', request_header: { name: 'End-User', default_value: 'nobody' } },
      { tag: 'zone', environment: { name: 'ZONE' } },
    ];
    const spec = specIn(
      {
        grpc_service: {
          envoy_grpc: { cluster_name: 'c', authority: 'tempo.test' },
          timeout: '2s',
          initial_metadata: [{ key: 'X-Scope-OrgID', value: 'shop' }],
        },
        service_name: 'client.shop',
      },
      {
        client_sampling: { value: 100 },
        random_sampling: { value: 1 },
        overall_sampling: { value: 100 },
        max_path_tag_length: 64,
        spawn_upstream_span: true,
        custom_tags: tags,
      },
    );
    expect(spec).toMatchObject({
      share: 10_000,
      clientShare: 1_000_000,
      trySpans: true,
      serviceName: 'client.shop',
      maxPathLength: 64,
      customTags: [
        { name: 'mesh', from: 'literal', value: 'demo' },
        { name: 'user', from: 'header', header: 'end-user', fallback: 'nobody' },
        { name: 'zone', from: 'environment', variable: 'ZONE', fallback: '' },
      ],
      exporter: { authority: 'tempo.test', timeoutMs: 2_000, headers: [['x-scope-orgid', 'shop']] },
    });
  });

  test.each<[string, string, string]>([
    ['http://tempo.test:4318/v1/traces', '/v1/traces', 'tempo.test:4318'],
    ['http://tempo.test:4318', '/v1/traces', 'tempo.test:4318'],
    ['https://tempo.test/otlp/v1/traces?tenant=1', '/otlp/v1/traces?tenant=1', 'tempo.test'],
  ])('HTTP to %s', (uri, path, authority) => {
    const provider = {
      http_service: {
        http_uri: { uri, cluster: 'c', timeout: '1s' },
        request_headers_to_add: [{ header: { key: 'authorization', value: 'Bearer x' } }],
      },
    };
    expect(specIn(provider).exporter).toEqual({
      protocol: 'http',
      cluster: 'c',
      path,
      authority,
      timeoutMs: 1_000,
      headers: [['authorization', 'Bearer x']],
    });
  });

  test('overall_sampling caps the others', () => {
    const percents = {
      client_sampling: { value: 50 },
      random_sampling: { value: 0.01 },
      overall_sampling: { value: 5 },
    };
    expect(specIn(GRPC, percents)).toMatchObject({ share: 100, clientShare: 50_000 });
  });

  test('equal specs have equal keys, and others have not', () => {
    expect(specIn(GRPC).key).toBe(specIn(GRPC).key);
    expect(specIn(GRPC).key).not.toBe(specIn(GRPC, { max_path_tag_length: 3 }).key);
  });
});

describe('what is refused', () => {
  test.each<[string, JsonObject | undefined, JsonObject, string]>([
    ['a field of tracing', GRPC, { verbose: true }, 'tracing.verbose: not supported'],
    [
      'a percentage above 100',
      GRPC,
      { random_sampling: { value: 101 } },
      'tracing.random_sampling: must be from 0 to 100',
    ],
    [
      'a tag of metadata',
      GRPC,
      { custom_tags: [{ tag: 'm', metadata: { kind: { route: {} } } }] },
      'tracing.custom_tags.metadata: not supported',
    ],
    [
      'a tag without a name',
      GRPC,
      { custom_tags: [{ literal: { value: 'x' } }] },
      'tracing.custom_tags: a tag has no name',
    ],
    ['a tag of nothing', GRPC, { custom_tags: [{ tag: 'm' }] }, 'tracing.custom_tags: m is made of nothing'],
    [
      'a tag twice',
      GRPC,
      {
        custom_tags: [
          { tag: 'm', literal: { value: '1' } },
          { tag: 'm', literal: { value: '2' } },
        ],
      },
      'tracing.custom_tags: m stands twice',
    ],
    [
      'a sampler of its own',
      { ...GRPC, sampler: { name: 'x' } },
      {},
      'tracing.provider.sampler: not supported',
    ],
    [
      'detectors',
      { ...GRPC, resource_detectors: [{ name: 'x' }] },
      {},
      'tracing.provider.resource_detectors: not supported',
    ],
    ['no service', {}, {}, 'tracing.provider: names neither or both of grpc_service and http_service'],
    [
      'both services',
      { ...GRPC, ...HTTP },
      {},
      'tracing.provider: names neither or both of grpc_service and http_service',
    ],
    [
      "Google's client",
      { grpc_service: { google_grpc: { target_uri: 'x', stat_prefix: 'x' } } },
      {},
      'tracing.provider.grpc_service.google_grpc: not supported',
    ],
    [
      'no cluster',
      { grpc_service: { envoy_grpc: {} } },
      {},
      'tracing.provider.grpc_service.envoy_grpc.cluster_name: must not be empty',
    ],
    [
      'an authority that is none',
      { grpc_service: { envoy_grpc: { cluster_name: 'c', authority: 'a b' } } },
      {},
      'tracing.provider.grpc_service.envoy_grpc.authority: is not a host with or without a port',
    ],
    [
      'a field of gRPC',
      { grpc_service: { envoy_grpc: { cluster_name: 'c', skip_envoy_headers: true } } },
      {},
      'tracing.provider.grpc_service.envoy_grpc.skip_envoy_headers: not supported',
    ],
    [
      'metadata that cannot be sent',
      {
        grpc_service: {
          envoy_grpc: { cluster_name: 'c' },
          initial_metadata: [{ key: 'x', value: 'a\r\nb' }],
        },
      },
      {},
      'tracing.provider.grpc_service.initial_metadata: the value of "x" cannot be sent',
    ],
    [
      'a header of the export itself',
      {
        http_service: {
          ...HTTP.http_service,
          request_headers_to_add: [{ header: { key: 'Content-Type', value: 'x' } }],
        },
      },
      {},
      'tracing.provider.http_service.request_headers_to_add: "Content-Type" cannot be sent',
    ],
    [
      'what is no URL',
      { http_service: { http_uri: { uri: 'tempo', cluster: 'c', timeout: '1s' } } },
      {},
      'tracing.provider.http_service.http_uri.uri: is not an http or https URL',
    ],
  ])('%s', (_name, provider, tracing, reason) => {
    expect(read(provider, tracing)).toEqual({ ok: false, reasons: [reason] });
  });

  test('a tracer that is not known', () => {
    const tracing = fromJson(HttpConnectionManager_TracingSchema, {
      provider: { name: 'envoy.tracers.zipkin' },
    });
    expect(accept((place) => acceptTracing({ tracing }, place))).toEqual({
      ok: false,
      reasons: ['provider: tracer envoy.tracers.zipkin (without configuration) is not supported'],
    });
  });
});
