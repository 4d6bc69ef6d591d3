/**
 * The mesh of a soak as xDS resources, drawn by chance: services whose endpoints all answer (`steady`, `leavers`, `inbound`),
 * one whose endpoints misbehave (`chaos`), opaque ones, and what comes and goes.
 */
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import type { Random } from '#api/foundation/random.ts';
import type { Resource } from '#sidecar/discovery/resource.ts';
import {
  assignment,
  cluster,
  httpManager,
  listener,
  originalDestination,
  routes,
  socketAddress,
  tcpProxy,
  VIRTUAL_OUTBOUND_LISTENER,
} from '#sidecar/discovery/test-resources.ts';
import type { Destination } from './destinations.ts';
import { below, pick } from './dice.ts';

/** Nothing listens there: without a listener of the mesh, connections to it are refused, and none goes beyond loopback. */
export const FLEETING_PORT = 9;

/** Destinations by index; clients name them. */
export const TO = {
  web: 0,
  opaque: 1,
  detected: 2,
  fleeting: 3,
  broken: 4,
  inbound: 5,
  inboundTcp: 6,
  passing: 7,
  greeted: 8,
} as const;

export function destinations(passingPort: number): Destination[] {
  return [
    { address: '10.96.0.1', port: 80 },
    { address: '10.96.0.2', port: 3306 },
    { address: '10.96.0.3', port: 90 },
    { address: '127.0.0.1', port: FLEETING_PORT },
    { address: '10.96.0.5', port: 4000 },
    { address: '10.0.0.9', port: 9080 },
    { address: '10.0.0.9', port: 9090 },
    { address: '127.0.0.1', port: passingPort },
    { address: '10.96.0.6', port: 91 },
  ];
}

/** What the applications listen on. */
export interface Ports {
  readonly good: readonly number[];
  readonly bad: readonly number[];
  readonly echo: number;
  readonly greeter: number;
}

/** Nothing listens there. */
const REFUSING_PORT = 1;

const at = (port: number): string => `127.0.0.1:${port}`;

/** Cluster names as the control plane gives them; the service is read from them. */
export const STEADY: readonly string[] = ['a', 'b'].map((subset) => `outbound|80|${subset}|steady`);
export const LEAVERS = 'outbound|80||leavers';
export const CHAOS = 'outbound|80||chaos';
export const SHADOW = 'outbound|80||shadow';
export const ECHO = 'outbound|3306||echo';
export const GREETER = 'outbound|90||greeter';
export const BROKEN = 'outbound|4000||broken';
export const INBOUND = 'inbound|9080||app';
export const INBOUND_TCP = 'inbound|9090||app-tcp';

export const PERMANENT: readonly string[] = [
  ...STEADY,
  LEAVERS,
  CHAOS,
  SHADOW,
  ECHO,
  GREETER,
  BROKEN,
  INBOUND,
  INBOUND_TCP,
];

export const POLICIES: readonly string[] = ['ROUND_ROBIN', 'LEAST_REQUEST', 'RANDOM', 'RING_HASH', 'MAGLEV'];

export function drawCluster(name: string, random: Random): Resource {
  const fields: Record<string, JsonValue> = {
    connect_timeout: name === CHAOS ? '1s' : pick(random, ['5s', '10s']),
    lb_policy: pick(random, POLICIES),
  };
  if (name === CHAOS) Object.assign(fields, hardTimes(random));
  return cluster(name, fields as JsonObject);
}

/** Ejections and narrow breakers. */
function hardTimes(random: Random): JsonObject {
  const limits = {
    max_connections: pick(random, [2, 20, 1000]),
    max_pending_requests: pick(random, [1, 20, 1000]),
    max_requests: pick(random, [5, 50, 1000]),
    max_retries: pick(random, [1, 10]),
  };
  return {
    outlier_detection: {
      consecutive_5xx: pick(random, [2, 5]),
      interval: '0.5s',
      base_ejection_time: '0.5s',
      max_ejection_percent: pick(random, [30, 100]),
    },
    circuit_breakers: { thresholds: [limits] },
  };
}

/** At least one endpoint that answers, but for those that are to suffer. */
export function drawEndpoints(name: string, ports: Ports, random: Random): Resource {
  if (name === ECHO || name === INBOUND_TCP) return assignment(name, [at(ports.echo)]);
  if (name === GREETER) return assignment(name, [at(ports.greeter)]);
  if (name === BROKEN) return assignment(name, drawSome([REFUSING_PORT, ...ports.bad], 0, random));
  if (name === CHAOS)
    return assignment(name, drawSome([...ports.bad, ports.good[0]!, REFUSING_PORT], 0, random));
  if (name === SHADOW) return assignment(name, drawSome([...ports.bad, ports.good[0]!], 1, random));
  return assignment(name, drawSome(ports.good, 1, random));
}

function drawSome(ports: readonly number[], atLeast: number, random: Random): string[] {
  const some = ports.filter(() => random() < 0.6);
  return (some.length >= atLeast ? some : [pick(random, ports)]).map(at);
}

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

const OVER_RDS: JsonObject = {
  rds: { config_source: { ads: {} }, route_config_name: '80' },
  upgrade_configs: [{ upgrade_type: 'websocket' }],
};

/** `revision` makes it another listener, whose connections are to end in peace. */
export function webListener(port: number, revision: number): Resource {
  return listener(`0.0.0.0_${port}`, {
    address: socketAddress('0.0.0.0', port),
    bind_to_port: false,
    filter_chains: [{ filters: [httpManager({ ...OVER_RDS, stat_prefix: `r${revision}` })] }],
  });
}

function opaqueListener({ address, port }: Destination, clusterName: string, random: Random): Resource {
  const idle = { idle_timeout: pick(random, ['0s', '1s', '60s']) };
  return listener(`${address}_${port}`, {
    address: socketAddress(address, port),
    bind_to_port: false,
    filter_chains: [{ filters: [tcpProxy(clusterName, clusterName === ECHO ? {} : idle)] }],
  });
}

/** HTTP when it looks like it, else opaque. */
function detectingListener({ address, port }: Destination, clusterName: string): Resource {
  return listener(`${address}_${port}`, {
    address: socketAddress(address, port),
    bind_to_port: false,
    filter_chains: [
      {
        filter_chain_match: { application_protocols: ['http/1.0', 'http/1.1', 'h2c'] },
        filters: [httpManager(OVER_RDS)],
      },
    ],
    default_filter_chain: { filters: [tcpProxy(clusterName)] },
  } as JsonObject);
}

function inboundListener(): Resource {
  const route = { name: 'in', match: { prefix: '/' }, route: { cluster: INBOUND, timeout: '0s' } };
  const table = { name: 'in', virtual_hosts: [{ name: 'in', domains: ['*'], routes: [route] }] };
  return listener('virtualInbound', {
    address: socketAddress('0.0.0.0', 15006),
    traffic_direction: 'INBOUND',
    filter_chains: [
      {
        filter_chain_match: { destination_port: 9080 },
        filters: [httpManager({ route_config: table, upgrade_configs: [{ upgrade_type: 'websocket' }] })],
      },
      { filter_chain_match: { destination_port: 9090 }, filters: [tcpProxy(INBOUND_TCP)] },
    ],
  } as JsonObject);
}

/** Everything but the web listener that changes. */
export function standingListeners(where: readonly Destination[], random: Random): Resource[] {
  return [
    VIRTUAL_OUTBOUND_LISTENER,
    opaqueListener(where[TO.opaque]!, ECHO, random),
    opaqueListener(where[TO.broken]!, BROKEN, random),
    detectingListener(where[TO.detected]!, ECHO),
    detectingListener(where[TO.greeted]!, GREETER),
    inboundListener(),
  ];
}

export const PASSTHROUGH: Resource = originalDestination('PassthroughCluster');
