/** Where a listener says how its traffic is seen: tracing, access logs and `istio.stats`, of HTTP and of opaque bytes. */
import type { JsonObject } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { seededRandom } from '#api/foundation/random.ts';
import { LISTENER_TYPE } from '#api/xds/resource-types.ts';
import type { TargetSpec } from './listener-spec.ts';
import { acceptResource } from './resource.ts';
import { httpManager, listener, socketAddress, tcpProxy } from './test-resources.ts';

const EXTENSIONS = 'type.googleapis.com/envoy.extensions';
const STATS = {
  name: 'istio.stats',
  typed_config: {
    '@type': 'type.googleapis.com/xds.type.v3.TypedStruct',
    type_url: 'type.googleapis.com/stats.PluginConfig',
    value: { metrics: [{ name: 'requests_total', drop: true }] },
  },
};
const ROUTER = { name: 'router', typed_config: { '@type': `${EXTENSIONS}.filters.http.router.v3.Router` } };
const LOGS = [
  {
    name: 'file',
    typed_config: { '@type': `${EXTENSIONS}.access_loggers.file.v3.FileAccessLog`, path: '/dev/stdout' },
  },
];
const TRACING = {
  provider: {
    name: 'envoy.tracers.opentelemetry',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig',
      grpc_service: { envoy_grpc: { cluster_name: 'collector' } },
      service_name: 'app.ns',
    },
  },
};

function accepted(...filters: JsonObject[]): TargetSpec | readonly string[] {
  const fields = { address: socketAddress('0.0.0.0', 80), filter_chains: [{ filters }] };
  const context = { clusters: { get: () => undefined }, random: seededRandom(1), readFile: () => '' };
  const result = acceptResource(LISTENER_TYPE, listener('l', fields), context);
  if (!result.ok) return result.reasons;
  if (result.value.kind !== 'listener') throw new Error('no listener');
  return result.value.spec.chains.targets[0]!;
}

function http(filters: JsonObject[], fields: JsonObject = {}): JsonObject {
  const rds = { config_source: { ads: {} }, route_config_name: 'r' };
  return httpManager({ rds, http_filters: filters, ...fields });
}

const COUNTED = { stats: { metrics: [{ name: 'requests_total', drop: true }] } };
const TRACED = { tracing: { exporter: { cluster: 'collector' }, serviceName: 'app.ns' } };

test.each<[string, JsonObject[], object]>([
  ['nothing', [http([ROUTER])], { http: { observation: undefined, preserveRequestId: false } }],
  [
    'all of it',
    [http([STATS, ROUTER], { tracing: TRACING, access_log: LOGS })],
    { http: { observation: { ...COUNTED, ...TRACED, accessLogs: [{ filter: undefined }] } } },
  ],
  ['logs alone', [http([ROUTER], { access_log: LOGS })], { http: { observation: { tracing: undefined } } }],
  [
    'a request id that is kept',
    [http([ROUTER], { use_remote_address: true, preserve_external_request_id: true })],
    { http: { edge: true, preserveRequestId: true } },
  ],
  ['opaque bytes: nothing', [tcpProxy('a')], { tcp: { observation: undefined } }],
  [
    'opaque bytes: all of it',
    [STATS, tcpProxy('a', { access_log: LOGS })],
    { tcp: { observation: { ...COUNTED, tracing: undefined, accessLogs: [{ filter: undefined }] } } },
  ],
])('a listener that says %s', (_, filters, expected) => {
  expect(accepted(...filters)).toMatchObject(expected);
});

test.each<[string, JsonObject[], string]>([
  ['stats twice', [http([STATS, STATS, ROUTER])], 'http_filters: only one istio.stats is supported'],
  ['stats behind the router', [http([ROUTER, STATS])], 'nothing may follow the router'],
  [
    'stats in front of a connection manager',
    [STATS, http([ROUTER])],
    'istio.stats stands in front of tcp_proxy only',
  ],
  ['stats alone', [STATS], 'filters: must end with what carries connections'],
])('a listener is refused with %s', (_, filters, reason) => {
  expect(accepted(...filters)).toEqual(expect.arrayContaining([expect.stringContaining(reason)]));
});
