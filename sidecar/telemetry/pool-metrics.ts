/**
 * What is under way towards each service at this moment, and what its endpoints are thought to cost. Read from the clusters'
 * own slots when somebody asks. A service is told from the first time on that a scrape found something under way towards it.
 */
import type { CircuitBreakers } from '#sidecar/upstream/circuit-breakers.ts';
import type { TrackedEndpoint } from '#sidecar/upstream/tracked-endpoint.ts';
import { OTHER } from './cardinality.ts';
import { type ReadMetric, type Sample, sample } from './text-format.ts';

/** Services that are told apart. */
const MAX_SERVICES = 1_000;
/** Endpoints whose latency is told: the slowest ones. */
const MAX_ENDPOINTS = 256;

/** A cluster, as far as it is read here. */
export interface Watched {
  readonly service: { readonly host: string };
  readonly breakers: CircuitBreakers;
  readonly endpoints: readonly TrackedEndpoint[];
}

/** Idle connections by the service that they lead to. */
export type IdleConnections = Iterable<readonly [host: string, count: number]>;

interface Service {
  connections: number;
  idle: number;
  requests: number;
  waiting: number;
  retries: number;
  /** Retries that may be under way; undefined when any number may. */
  retriesLimit: number | undefined;
}

interface EndpointLatency {
  readonly host: string;
  readonly endpoint: string;
  readonly seconds: number;
}

export interface PoolPicture {
  readonly services: ReadonlyMap<string, Service>;
  readonly latencies: readonly EndpointLatency[];
  /** Endpoints that there was no room for. */
  readonly omitted: number;
}

export class PoolWatch {
  readonly #seen = new Set<string>();

  read(clusters: Iterable<Watched>, idle: IdleConnections, nowMs: number): PoolPicture {
    const services = new Map([...this.#seen].map((host) => [host, nothing()]));
    const latencies = new Map<string, EndpointLatency>();
    for (const { service, breakers, endpoints } of clusters) {
      if (isBusy(breakers)) addTo(this.#entry(services, service.host), breakers);
      for (const endpoint of endpoints) noteLatency(latencies, service.host, endpoint, nowMs);
    }
    for (const [host, count] of idle) this.#entry(services, host).idle += count;
    const slowest = [...latencies.values()].sort((a, b) => b.seconds - a.seconds);
    return {
      services,
      latencies: slowest.slice(0, MAX_ENDPOINTS),
      omitted: Math.max(0, slowest.length - MAX_ENDPOINTS),
    };
  }

  #entry(services: Map<string, Service>, host: string): Service {
    const key = this.#seen.has(host) || this.#seen.size < MAX_SERVICES ? host : OTHER;
    this.#seen.add(key);
    const known = services.get(key) ?? nothing();
    services.set(key, known);
    return known;
  }
}

function nothing(): Service {
  return { connections: 0, idle: 0, requests: 0, waiting: 0, retries: 0, retriesLimit: undefined };
}

function isBusy({ connections, requests, pending, retries }: CircuitBreakers): boolean {
  return connections.used + requests.used + pending.used + retries.used > 0;
}

function addTo(service: Service, breakers: CircuitBreakers): void {
  service.connections += breakers.connections.used;
  service.requests += breakers.requests.used;
  service.waiting += breakers.pending.used;
  service.retries += breakers.retries.used;
  const limit = breakers.retriesLimit;
  if (limit !== undefined) service.retriesLimit = (service.retriesLimit ?? 0) + limit;
}

/** An endpoint may be in several clusters of a service, and each has an opinion: the dearest counts. */
function noteLatency(
  latencies: Map<string, EndpointLatency>,
  host: string,
  { key: endpoint, load }: TrackedEndpoint,
  nowMs: number,
): void {
  if (!load.known) return;
  const seconds = load.latencyMs(nowMs) / 1000;
  const key = `${host} ${endpoint}`;
  if ((latencies.get(key)?.seconds ?? -1) < seconds) latencies.set(key, { host, endpoint, seconds });
}

export const POOL_METRICS: readonly ReadMetric<PoolPicture>[] = [
  {
    name: 'weft_sidecar_upstream_connections',
    type: 'gauge',
    help: 'Open connections to endpoints, those that are being made included.',
    labels: ['destination_service'],
    read: byService(({ connections }) => connections),
  },
  {
    name: 'weft_sidecar_upstream_connections_idle',
    type: 'gauge',
    help: 'Those that wait for their next request.',
    labels: ['destination_service'],
    read: byService(({ idle }) => idle),
  },
  {
    name: 'weft_sidecar_upstream_requests',
    type: 'gauge',
    help: 'Requests under way, as circuit breakers count them.',
    labels: ['destination_service'],
    read: byService(({ requests }) => requests),
  },
  {
    name: 'weft_sidecar_upstream_requests_waiting',
    type: 'gauge',
    help: 'Requests that wait for a connection.',
    labels: ['destination_service'],
    read: byService(({ waiting }) => waiting),
  },
  {
    name: 'weft_sidecar_upstream_retries',
    type: 'gauge',
    help: 'Retries under way: what is used of the retry budget.',
    labels: ['destination_service'],
    read: byService(({ retries }) => retries),
  },
  {
    name: 'weft_sidecar_upstream_retries_limit',
    type: 'gauge',
    help: 'Retries that may be under way: the retry budget as it is now.',
    labels: ['destination_service'],
    read: byService(({ retriesLimit }) => retriesLimit),
  },
  {
    name: 'weft_sidecar_endpoint_latency_seconds',
    type: 'gauge',
    help: 'What balancers think an endpoint takes to answer (peak-EWMA), of the slowest endpoints.',
    labels: ['destination_service', 'endpoint'],
    read: ({ latencies }) =>
      latencies.map(({ host, endpoint, seconds }) =>
        sample(seconds, { destination_service: host, endpoint }),
      ),
  },
  {
    name: 'weft_sidecar_endpoint_latencies_omitted',
    type: 'gauge',
    help: 'Endpoints that are faster than the slowest ones and not told apart.',
    labels: [],
    read: ({ omitted }) => omitted,
  },
];

function byService(of: (service: Service) => number | undefined) {
  return ({ services }: PoolPicture): Sample[] =>
    [...services].flatMap(([host, service]) => {
      const value = of(service);
      return value === undefined ? [] : [sample(value, { destination_service: host })];
    });
}
