import type { JsonObject } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { forward, refusalsOf } from './testing/tables.ts';

test.each<[JsonObject, number]>([
  [{}, 15_000],
  [{ timeout: '0s' }, 0],
  [{ timeout: '2s', idle_timeout: '0s' }, 2000],
  [{ max_stream_duration: { max_stream_duration: '3s' } }, 3000],
  [{ timeout: '0s', max_stream_duration: { max_stream_duration: '60s' } }, 60_000],
  [{ timeout: '2s', max_stream_duration: { max_stream_duration: '3s' } }, 2000],
  [{ timeout: '2s', max_stream_duration: { max_stream_duration: '0s' } }, 2000],
])('%o may take %s ms', (action, timeoutMs) => {
  expect(forward(action)).toMatchObject({ timeoutMs });
});

describe('mirrors', () => {
  const million = (numerator: number): JsonObject => ({
    runtime_fraction: { default_value: { numerator, denominator: 'MILLION' } },
  });

  test.each<[string, JsonObject[], [string | undefined, number][]]>([
    ['everything unless said', [{ cluster: 'b' }], [['b', 1_000_000]]],
    [
      'a share',
      [
        { cluster: 'b', ...million(1500) },
        { cluster: 'c', trace_sampled: false },
      ],
      [
        ['b', 1500],
        ['c', 1_000_000],
      ],
    ],
    ['a cluster that is not there', [{ cluster: 'gone' }], [[undefined, 1_000_000]]],
    ['more than everything', [{ cluster: 'b', ...million(2_000_000) }], [['b', 1_000_000]]],
  ])('%s', (_name, request_mirror_policies, expected) => {
    const { mirrors } = forward({ request_mirror_policies });
    expect(mirrors?.map(({ cluster, share }) => [cluster()?.name, share])).toEqual(expected);
  });

  test.each<[JsonObject[]]>([[[]], [[{ cluster: 'b', ...million(0) }]]])('none by %o', (policies) => {
    expect(forward({ request_mirror_policies: policies }).mirrors).toBeUndefined();
  });
});

describe('hash', () => {
  test.each<[JsonObject, object]>([
    [{ header: { header_name: 'X-User' } }, { terminal: false, by: 'header', name: 'x-user' }],
    [
      { connection_properties: { source_ip: true }, terminal: true },
      { terminal: true, by: 'source-ip' },
    ],
    [{ query_parameter: { name: 'User' } }, { terminal: false, by: 'query', name: 'User' }],
    [
      { cookie: { name: 'user', ttl: '0s', path: '/shop' } },
      { terminal: false, by: 'cookie', name: 'user', path: '/shop', ttlMs: 0 },
    ],
    [
      { cookie: { name: 'u', ttl: '60s' } },
      { terminal: false, by: 'cookie', name: 'u', path: '', ttlMs: 60_000 },
    ],
    [{ cookie: { name: 'u' } }, { terminal: false, by: 'cookie', name: 'u', path: '', ttlMs: undefined }],
  ])('%o', (policy, rule) => {
    expect(forward({ hash_policy: [policy] }).hash).toEqual([rule]);
  });

  test('keeps the order', () => {
    const hash_policy = [{ query_parameter: { name: 'a' } }, { header: { header_name: 'b' } }];
    expect(forward({ hash_policy }).hash).toMatchObject([{ by: 'query' }, { by: 'header' }]);
  });

  test.each<[JsonObject[]]>([[[]], [[{ connection_properties: { source_ip: false } }]]])(
    'none by %o',
    (policies) => {
      expect(forward({ hash_policy: policies }).hash).toBeUndefined();
    },
  );
});

const mirror = (policy: JsonObject): JsonObject => ({ request_mirror_policies: [policy] });
const hash = (policy: JsonObject): JsonObject => ({ hash_policy: [policy] });
const cookie = (fields: JsonObject): JsonObject => hash({ cookie: { name: 'c', ...fields } });

test.each<[JsonObject, string]>([
  [{ idle_timeout: '1s' }, 'idle_timeout: only 0s is supported'],
  [
    { max_stream_duration: { grpc_timeout_header_max: '1s' } },
    'max_stream_duration.grpc_timeout_header_max: not supported',
  ],
  [
    { max_stream_duration: { max_stream_duration: '-1s' } },
    'max_stream_duration.max_stream_duration: must not be negative',
  ],
  [mirror({}), 'request_mirror_policies[0].cluster: must not be empty'],
  [
    mirror({ cluster: 'b', runtime_fraction: {} }),
    'request_mirror_policies[0].runtime_fraction.default_value: is required',
  ],
  [
    mirror({ cluster: 'b', runtime_fraction: { default_value: {}, runtime_key: 'k' } }),
    'request_mirror_policies[0].runtime_fraction.runtime_key: not supported',
  ],
  [
    mirror({ cluster: 'b', disable_shadow_host_suffix_append: true }),
    'request_mirror_policies[0].disable_shadow_host_suffix_append: not supported',
  ],
  [
    { request_mirror_policies: Array(17).fill({ cluster: 'b' }) },
    'request_mirror_policies: must hold at most 16 mirrors',
  ],
  [hash({}), 'hash_policy[0]: says nothing to hash'],
  [hash({ filter_state: { key: 'k' } }), 'hash_policy[0].filter_state: not supported'],
  [
    hash({ header: { header_name: ':path' } }),
    'hash_policy[0].header.header_name: pseudo-header :path is not supported',
  ],
  [
    hash({ header: { header_name: 'a', regex_rewrite: {} } }),
    'hash_policy[0].header.regex_rewrite: not supported',
  ],
  [hash({ query_parameter: {} }), 'hash_policy[0].query_parameter.name: must not be empty'],
  [cookie({ name: 'a;b' }), 'hash_policy[0].cookie.name: must be the name of a cookie'],
  [cookie({ path: '/;secure' }), 'hash_policy[0].cookie.path: must be the path of a cookie'],
  [cookie({ ttl: '-1s' }), 'hash_policy[0].cookie.ttl: must not be negative'],
  [cookie({ attributes: [{ name: 'secure' }] }), 'hash_policy[0].cookie.attributes: not supported'],
  [
    { hash_policy: Array(17).fill({ header: { header_name: 'a' } }) },
    'hash_policy: must hold at most 16 rules',
  ],
  [{ upgrade_configs: [{ upgrade_type: 'websocket' }] }, 'upgrade_configs: not supported'],
  [{ priority: 'HIGH' }, 'priority: not supported'],
  [{ internal_redirect_policy: {} }, 'internal_redirect_policy: not supported'],
  [{ hedge_policy: {} }, 'hedge_policy: not supported'],
  [{ metadata_match: {} }, 'metadata_match: not supported'],
  [{ rate_limits: [{}] }, 'rate_limits: not supported'],
  [{ early_data_policy: {} }, 'early_data_policy: not supported'],
  [{ cors: {} }, 'cors: not supported'],
])('%o is refused', (action, reason) => {
  expect(refusalsOf({ route: { cluster: 'a', ...action } })).toEqual([`route.${reason}`]);
});

test.each<[JsonObject, string]>([
  [{ cluster_header: 'x' }, 'route.cluster_header: not supported'],
  [
    { weighted_clusters: { clusters: [{ name: 'a', weight: 1, metadata_match: {} }] } },
    'route.weighted_clusters.clusters[0].metadata_match: not supported',
  ],
  [
    { weighted_clusters: { clusters: [{ name: 'a', weight: 1, host_rewrite_literal: ' ' }] } },
    'route.weighted_clusters.clusters[0].host_rewrite_literal: must be a host',
  ],
  [
    { weighted_clusters: { clusters: [{ name: 'a', weight: 1 }], header_name: 'x' } },
    'route.weighted_clusters.header_name: not supported',
  ],
])('%o is refused', (route, reason) => {
  expect(refusalsOf({ route })).toEqual([reason]);
});
