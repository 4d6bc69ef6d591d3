/**
 * The routes of a soak as xDS resources, drawn by chance: to services whose endpoints all answer (`steady`, `leavers`), to one
 * whose endpoints misbehave (`chaos`), and to what comes and goes.
 */
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import type { Random } from '#api/foundation/random.ts';
import type { Resource } from '#sidecar/discovery/resource.ts';
import { routes } from '#sidecar/discovery/test-resources.ts';
import { below, pick } from './dice.ts';
import { CHAOS, LEAVERS, SHADOW, STEADY } from './mesh-clusters.ts';

/** `fleeting`: clusters that exist at present beside the permanent ones. */
export function drawRoutes(fleeting: readonly string[], random: Random): Resource {
  return routes('80', [
    host('steady', [...rules(), fleetingRoute(fleeting, random), steadyRoute(random)]),
    host('leavers', [leaversRoute(random)]),
    host('chaos', [chaosRoute(random)]),
  ]);
}

function host(name: string, all: (JsonObject | undefined)[]): JsonObject {
  return { name, domains: [name], routes: all.filter((route) => route !== undefined) };
}

/** What the sidecar answers by itself. */
function rules(): JsonObject[] {
  return [
    {
      name: 'direct',
      match: { prefix: '/direct' },
      direct_response: { status: 418, body: { inline_string: 'tea' } },
    },
    { name: 'redirect', match: { prefix: '/redirect' }, redirect: { host_redirect: 'elsewhere' } },
  ];
}

function fleetingRoute(clusters: readonly string[], random: Random): JsonObject | undefined {
  if (clusters.length === 0) return undefined;
  return {
    name: 'fleeting',
    match: { prefix: '/', headers: [{ name: 'x-id', string_match: { suffix: '7' } }] },
    route: { cluster: pick(random, clusters), timeout: '20s' },
  };
}

function steadyRoute(random: Random): JsonObject {
  const weight = below(random, 101);
  const [first, second] = STEADY as [string, string];
  const clusters = [
    { name: first, weight },
    { name: second, weight: 100 - weight },
  ];
  return {
    name: 'steady',
    match: { prefix: '/' },
    route: {
      weighted_clusters: { clusters },
      timeout: pick(random, ['0s', '15s', '20s']),
      retry_policy: { retry_on: 'connect-failure,refused-stream', num_retries: pick(random, [1, 2, 3]) },
    },
    request_headers_to_add: [{ header: { key: 'x-drawn', value: String(below(random, 1000)) } }],
    response_headers_to_remove: ['x-no'],
  };
}

function leaversRoute(random: Random): JsonObject {
  return {
    name: 'leavers',
    match: { prefix: '/' },
    route: {
      cluster: LEAVERS,
      timeout: pick(random, ['0s', '1s', '20s']),
      retry_policy: { retry_on: '5xx,reset', num_retries: 2 },
      request_mirror_policies: mirrors(0.3, random),
    },
    ...faults(0.05, random),
  };
}

function chaosRoute(random: Random): JsonObject {
  return {
    name: 'chaos',
    match: { prefix: '/' },
    route: {
      cluster: CHAOS,
      timeout: pick(random, ['0.3s', '1s', '3s']),
      retry_policy: {
        retry_on: pick(random, ['5xx', 'gateway-error,reset,connect-failure', '5xx,reset']),
        num_retries: pick(random, [1, 3, 5]),
        per_try_timeout: pick(random, ['0.05s', '0.2s', '5s']),
        retry_back_off: { base_interval: '0.005s' },
        retry_host_predicate: [{ name: 'envoy.retry_host_predicates.previous_hosts' }],
      },
      request_mirror_policies: mirrors(0.5, random),
      hash_policy: random() < 0.5 ? [{ cookie: { name: 'aff', ttl: '0s' } }] : [],
    },
    ...faults(0.2, random),
  };
}

function mirrors(share: number, random: Random): JsonValue[] {
  return random() < share ? [{ cluster: SHADOW }] : [];
}

function faults(share: number, random: Random): JsonObject {
  const percentage = { numerator: Math.round(share * 100) };
  const fault = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault',
    delay: { fixed_delay: pick(random, ['0.01s', '0.1s']), percentage },
    abort: { http_status: 429, percentage },
  };
  return random() < 0.6 ? { typed_per_filter_config: { 'envoy.filters.http.fault': fault } } : {};
}
