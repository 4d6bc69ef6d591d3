import type { JsonObject } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#api/foundation/random.ts';
import { LISTENER_TYPE } from '#api/xds/resource-types.ts';
import { ENVOY_LIMITS, MESH_LIMITS, type ServerLimits } from '#sidecar/http/server-limits.ts';
import type { TargetSpec } from './listener-spec.ts';
import { acceptResource, type Runnable } from './resource.ts';
import { httpManager, listener, socketAddress, tcpProxy } from './test-resources.ts';

const context = { clusters: { get: () => undefined }, random: seededRandom(1), readFile: () => '' };
const FILTERS = 'type.googleapis.com/envoy.extensions.filters';

function accept(...filters: JsonObject[]) {
  return acceptResource(
    LISTENER_TYPE,
    listener('a', { address: socketAddress('10.0.0.1', 80), filter_chains: [{ filters }] }),
    context,
  );
}

function reasonsFor(...filters: JsonObject[]): readonly string[] {
  const accepted = accept(...filters);
  return accepted.ok ? [] : accepted.reasons;
}

function managerWith(fields: JsonObject): JsonObject {
  return httpManager({ route_config: { name: 'a' }, ...fields });
}

function targetsOf(runnable: Runnable): readonly TargetSpec[] {
  return runnable.kind === 'listener' ? runnable.spec.chains.targets : [];
}

function limitsOf(fields: JsonObject): ServerLimits {
  const accepted = accept(managerWith(fields));
  if (!accepted.ok) throw new Error(accepted.reasons.join('; '));
  const [target] = targetsOf(accepted.value);
  if (target?.protocol !== 'http') throw new Error('no HTTP');
  return target.http.limits;
}

function withBuffer(buffer: JsonObject): JsonObject {
  return {
    http_filters: [
      {
        name: 'buffer',
        typed_config: { '@type': `${FILTERS}.http.buffer.v3.Buffer`, ...buffer },
      },
      { name: 'router', typed_config: { '@type': `${FILTERS}.http.router.v3.Router` } },
    ],
  };
}

describe('what a connection manager allows its connections', () => {
  test.each<[string, JsonObject, Partial<ServerLimits>]>([
    ['nothing said', {}, {}],
    ['the length of heads', { max_request_headers_kb: 96 }, { maxHeadBytes: 98_304 }],
    ['their time', { request_headers_timeout: '5s' }, { headTimeoutMs: 5_000 }],
    ['no time for them', { request_headers_timeout: '0s' }, { headTimeoutMs: 0 }],
    ['the time of requests', { request_timeout: '0.5s' }, { requestTimeoutMs: 500 }],
    ['how long streams are quiet', { stream_idle_timeout: '10s' }, { streamIdleMs: 10_000 }],
    [
      'all that is common to versions of HTTP',
      {
        common_http_protocol_options: {
          idle_timeout: '0s',
          max_connection_duration: '60s',
          max_headers_count: 1000,
          max_requests_per_connection: 10,
          max_stream_duration: '30s',
        },
      },
      { idleMs: 0, maxConnectionMs: 60_000, maxHeadLines: 1000, maxRequests: 10, maxStreamMs: 30_000 },
    ],
    ['the length of bodies', withBuffer({ max_request_bytes: 1000 }), { maxBodyBytes: 1000 }],
  ])('%s', (_, fields, expected) => {
    expect(limitsOf(fields)).toEqual({ ...ENVOY_LIMITS, ...expected });
  });

  test("the mesh's own are one object", () => {
    expect(limitsOf({ stream_idle_timeout: '0s' })).toBe(MESH_LIMITS);
  });

  test.each<[string, JsonObject, string]>([
    [
      'longer heads than are scanned',
      { max_request_headers_kb: 257 },
      'max_request_headers_kb: must be from 1 to 256',
    ],
    ['no heads', { max_request_headers_kb: 0 }, 'max_request_headers_kb: must be from 1 to 256'],
    [
      'more lines than are kept',
      { common_http_protocol_options: { max_headers_count: 1001 } },
      'common_http_protocol_options.max_headers_count: must be from 1 to 1000',
    ],
    [
      'a time that no timer has',
      { request_timeout: '0.0001s' },
      'request_timeout: must be 0s, which is no limit, or at least 1ms',
    ],
    ['a time before now', { stream_idle_timeout: '-1s' }, 'stream_idle_timeout: must not be negative'],
    [
      'names with underscores',
      { common_http_protocol_options: { headers_with_underscores_action: 'REJECT_REQUEST' } },
      'common_http_protocol_options.headers_with_underscores_action: not supported',
    ],
    ['paths that are changed', { normalize_path: true }, 'normalize_path: not supported'],
    ['slashes that are merged', { merge_slashes: true }, 'merge_slashes: not supported'],
    [
      'escaped slashes',
      { path_with_escaped_slashes_action: 'REJECT_REQUEST' },
      'path_with_escaped_slashes_action: not supported',
    ],
    ['a slow close', { delayed_close_timeout: '5s' }, 'delayed_close_timeout: not supported'],
    ['a slow drain', { drain_timeout: '5s' }, 'drain_timeout: not supported'],
    ['a buffer without a limit', withBuffer({}), 'http_filters.buffer.max_request_bytes: must be at least 1'],
  ])('%s is refused', (_, fields, reason) => {
    expect(reasonsFor(managerWith(fields))).toContain(`filter_chains[0].filters[0].${reason}`);
  });
});

describe('how many connections a chain allows', () => {
  const limit = (fields: JsonObject): JsonObject => ({
    name: 'limit',
    typed_config: {
      '@type': `${FILTERS}.network.connection_limit.v3.ConnectionLimit`,
      stat_prefix: 'a',
      ...fields,
    },
  });

  test.each<[string, JsonObject]>([
    ['HTTP', managerWith({})],
    ['others', tcpProxy('a')],
  ])('%s', (_, terminal) => {
    const accepted = accept(limit({ max_connections: '2' }), terminal);
    const targets = accepted.ok ? targetsOf(accepted.value) : [];
    expect(targets).toMatchObject([{ chain: 'a', maxConnections: 2 }]);
  });

  test.each<[string, JsonObject[], string]>([
    [
      'none, a pause and a switch',
      [
        limit({ max_connections: '0', delay: '1s', runtime_enabled: { default_value: false } }),
        tcpProxy('a'),
      ],
      'filter_chains[0].filters[0].max_connections: must be at least 1',
    ],
    [
      'a pause before the end',
      [limit({ max_connections: '1', delay: '1s' }), tcpProxy('a')],
      'filter_chains[0].filters[0].delay: not supported',
    ],
    [
      'a limit and nothing else',
      [limit({ max_connections: '1' })],
      'filter_chains[0].filters: must end with what carries connections',
    ],
    [
      'two limits',
      [limit({ max_connections: '1' }), limit({ max_connections: '2' }), tcpProxy('a')],
      'filter_chains[0].filters: envoy.filters.network.tcp_proxy: a second filter is not supported',
    ],
  ])('%s is refused', (_, filters, reason) => {
    expect(reasonsFor(...filters)).toContain(reason);
  });
});
