import type { JsonObject } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#api/foundation/random.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE } from '#api/xds/resource-types.ts';
import { DEFAULT_LIMITS, UNLIMITED } from '#sidecar/upstream/circuit-breakers.ts';
import type { ClusterPolicy } from '#sidecar/upstream/cluster-policy.ts';
import { DEFAULT_OUTLIER } from '#sidecar/upstream/outlier/outlier-policy.ts';
import type { Assignment } from './accept-assignment.ts';
import type { ClusterSpec } from './accept-cluster.ts';
import type { Accepted } from './refusals.ts';
import { acceptResource, type Runnable } from './resource.ts';
import { cluster, clusterLoadAssignment } from './test-resources.ts';

const context = { clusters: { get: () => undefined }, random: seededRandom(1), readFile: () => '' };

function runnable(accepted: Accepted<Runnable>): Runnable {
  if (!accepted.ok) throw new Error(accepted.reasons.join('; '));
  return accepted.value;
}

function specOf(fields: JsonObject): ClusterSpec {
  const value = runnable(acceptResource(CLUSTER_TYPE, cluster('c', fields), context));
  if (value.kind !== 'cluster') throw new Error(value.kind);
  return value.spec;
}

function reasonsFor(fields: JsonObject, name = 'c'): readonly string[] {
  const accepted = acceptResource(CLUSTER_TYPE, cluster(name, fields), context);
  return accepted.ok ? [] : accepted.reasons;
}

function assignmentOf(fields: JsonObject): Assignment {
  const value = runnable(acceptResource(ENDPOINT_TYPE, clusterLoadAssignment('c', fields), context));
  if (value.kind !== 'assignment') throw new Error(value.kind);
  return value.assignment;
}

const limits = (thresholds: JsonObject): JsonObject => ({ circuit_breakers: { thresholds: [thresholds] } });
const httpOptions = (fields: JsonObject): JsonObject => ({
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      ...fields,
    },
  },
});

test('HTTP/2 upstream is for what the proxy itself sends, and not for requests', () => {
  const http2 = (name: string, options: JsonObject = {}) =>
    reasonsFor(httpOptions({ explicit_http_config: { http2_protocol_options: options } }), name);
  const place = 'typed_extension_protocol_options.explicit_http_config.http2_protocol_options';
  expect(http2('outbound|80||a.b')).toEqual([`${place}: not supported`]);
  expect(http2('traces')).toEqual([]);
  expect(http2('traces', { allow_connect: true })).toEqual([`${place}.allow_connect: not supported`]);
});

describe('a policy', () => {
  test.each<[string, JsonObject, Partial<ClusterPolicy>]>([
    ['without thresholds has no limits', {}, { limits: DEFAULT_LIMITS }],
    [
      'with thresholds has what they say, else what Envoy has',
      limits({ max_connections: 7 }),
      {
        limits: {
          maxConnections: 7,
          maxPendingRequests: 1024,
          maxRequests: 1024,
          maxRetries: 3,
          retryBudget: undefined,
        },
      },
    ],
    [
      'without a limit of retries keeps the budget',
      limits({
        max_connections: UNLIMITED,
        max_pending_requests: UNLIMITED,
        max_requests: UNLIMITED,
        max_retries: UNLIMITED,
        track_remaining: true,
      }),
      { limits: DEFAULT_LIMITS },
    ],
    [
      'with a budget has that',
      limits({ max_retries: 5, retry_budget: { budget_percent: { value: 50 }, min_retry_concurrency: 10 } }),
      {
        limits: {
          maxConnections: 1024,
          maxPendingRequests: 1024,
          maxRequests: 1024,
          maxRetries: 5,
          retryBudget: { share: 0.5, floor: 10 },
        },
      },
    ],
    [
      'detects outliers',
      {
        outlier_detection: {
          consecutive_5xx: 3,
          interval: '1s',
          base_ejection_time: '180s',
          max_ejection_percent: 100,
          enforcing_success_rate: 0,
        },
      },
      {
        outlier: {
          ...DEFAULT_OUTLIER,
          consecutive5xx: 3,
          intervalMs: 1000,
          baseEjectionTimeMs: 180_000,
          maxEjectionPercent: 100,
          enforcingSuccessRate: 0,
        },
      },
    ],
    [
      'weighs localities and never panics',
      { common_lb_config: { healthy_panic_threshold: { value: 0 }, locality_weighted_lb_config: {} } },
      {
        locality: {
          weighted: true,
          panicThreshold: 0,
          overprovisioningFactor: 140,
          failTrafficOnPanic: false,
        },
      },
    ],
    [
      'hashes on a ring',
      { lb_policy: 'RING_HASH', ring_hash_lb_config: { minimum_ring_size: 2048 } },
      { balancer: { kind: 'ring-hash', minimumRingSize: 2048, maximumRingSize: 8_388_608 } },
    ],
    ['hashes by maglev', { lb_policy: 'MAGLEV' }, { balancer: { kind: 'maglev', tableSize: 65_537 } }],
    [
      'starts slowly',
      {
        lb_policy: 'LEAST_REQUEST',
        least_request_lb_config: {
          slow_start_config: { slow_start_window: '30s', aggression: { default_value: 2 } },
        },
      },
      {
        balancer: {
          kind: 'least-request',
          choices: 2,
          activeBias: undefined,
          slowStart: { windowMs: 30_000, aggression: 2, minWeightPercent: 10 },
        },
      },
    ],
    [
      'wears connections out and probes them',
      {
        ...httpOptions({
          common_http_protocol_options: {
            idle_timeout: '3s',
            max_connection_duration: '60s',
            max_requests_per_connection: 2,
          },
          explicit_http_config: { http_protocol_options: {} },
        }),
        upstream_connection_options: {
          tcp_keepalive: { keepalive_time: 10, keepalive_interval: 2, keepalive_probes: 3 },
        },
      },
      {
        connections: {
          idleTimeoutMs: 3000,
          maxDurationMs: 60_000,
          maxRequests: 2,
          keepAliveMs: 10_000,
          keepAliveIntervalMs: 2000,
          keepAliveProbes: 3,
          tls: undefined,
        },
      },
    ],
  ])('%s', (_, fields, policy) => {
    expect(specOf(fields).policy).toMatchObject(policy);
  });
});

const named = (...names: string[]): JsonObject => ({
  cluster_name: 'c',
  endpoints: [
    {
      lb_endpoints: names.map((address) => ({
        endpoint: { address: { socket_address: { address, port_value: 443 } } },
      })),
    },
  ],
});
const dns = (fields: JsonObject, ...names: string[]): JsonObject => ({
  type: 'STRICT_DNS',
  eds_cluster_config: null,
  load_assignment: named(...names),
  ...fields,
});

describe('a cluster is refused', () => {
  test.each<[string, JsonObject, string[]]>([
    [
      'with thresholds for another priority',
      limits({ priority: 'HIGH', max_connection_pools: 3 }),
      [
        'circuit_breakers.thresholds[0].max_connection_pools: not supported',
        'circuit_breakers.thresholds[0].priority: only DEFAULT is supported',
      ],
    ],
    [
      'with monitors of outliers',
      { outlier_detection: { successful_active_health_check_uneject_host: true, max_ejection_percent: 101 } },
      [
        'outlier_detection.successful_active_health_check_uneject_host: not supported',
        'outlier_detection.max_ejection_percent: must be at most 100',
      ],
    ],
    [
      'with a ring of another hash',
      {
        lb_policy: 'RING_HASH',
        ring_hash_lb_config: { hash_function: 'MURMUR_HASH_2', maximum_ring_size: 8 },
      },
      [
        'ring_hash_lb_config.hash_function: MURMUR_HASH_2 is not supported',
        'ring_hash_lb_config.minimum_ring_size: must be at most the maximum ring size',
      ],
    ],
    [
      'with a table that is no prime',
      { lb_policy: 'MAGLEV', maglev_lb_config: { table_size: 65_536 } },
      ['maglev_lb_config.table_size: must be a prime of at most 5000011'],
    ],
    [
      'with an unknown transport',
      { transport_socket: { name: 'x' } },
      ['transport_socket: x (without configuration) is not supported'],
    ],
    [
      'when it asks other name servers',
      dns({ use_tcp_for_dns_lookups: true }, 'a.test'),
      ['use_tcp_for_dns_lookups: not supported'],
    ],
    [
      'with a name that is none',
      dns({}, 'a b'),
      [
        'load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.address: "a b" is neither an IP address nor a host name',
      ],
    ],
    [
      'with two names where one is logical',
      dns({ type: 'LOGICAL_DNS' }, 'a.test', 'b.test'),
      ['load_assignment: must have exactly one endpoint for LOGICAL_DNS'],
    ],
    ['with names where none are resolved', { dns_refresh_rate: '1s' }, ['dns_refresh_rate: not supported']],
  ])('%s', (_, fields, reasons) => {
    expect(reasonsFor(fields)).toEqual(reasons);
  });
});

test('names are resolved as Envoy does when nothing is said', () => {
  const spec = specOf(dns({}, 'a.test', '10.0.0.1'));
  expect(spec).toMatchObject({
    kind: 'dns',
    plan: {
      kind: 'strict',
      policy: { refreshMs: 5000, respectTtl: false, family: { order: [6, 4], all: false } },
    },
  });
});

test('endpoints come with localities, priorities and weights', () => {
  const endpoint = (address: string, weight?: number): JsonObject => ({
    endpoint: { address: { socket_address: { address, port_value: 80 } } },
    ...(weight === undefined ? {} : { load_balancing_weight: weight }),
  });
  expect(
    assignmentOf({
      endpoints: [
        {
          locality: { region: 'r', zone: 'z' },
          load_balancing_weight: 3,
          lb_endpoints: [endpoint('10.0.0.1', 2), endpoint('10.0.0.2')],
        },
        { priority: 1, lb_endpoints: [{ ...endpoint('10.0.0.3'), health_status: 'UNHEALTHY' }] },
      ],
      policy: { overprovisioning_factor: 200 },
    }),
  ).toEqual({
    overprovisioningFactor: 200,
    localities: [
      {
        locality: { region: 'r', zone: 'z', subZone: '' },
        priority: 0,
        weight: 3,
        endpoints: [
          { address: '10.0.0.1', port: 80, weight: 2, workload: undefined },
          { address: '10.0.0.2', port: 80, weight: 1, workload: undefined },
        ],
      },
      { locality: { region: '', zone: '', subZone: '' }, priority: 1, weight: 0, endpoints: [] },
    ],
  });
});
