/** Stand-ins for the rooms around the data path, which remember what they were told. */
import type { EndpointWorkload } from '#api/xds/node-metadata.ts';
import type { Lookup } from '#sidecar/discovery/lookup.ts';
import type { FilterChains, ListenerTarget, Snapshot } from '#sidecar/discovery/snapshot.ts';
import type { RequestView } from '#sidecar/routing/request-view.ts';
import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import { NO_CONDITIONS, NO_RETRY, type RetryPolicy } from '#sidecar/routing/retry-policy.ts';
import type { HashRule, RouteDecision, RouteTable } from '#sidecar/routing/route-table.ts';
import type { Observers } from '#sidecar/telemetry/observers.ts';
import type { Peer, Reporter, Telemetry } from '#sidecar/telemetry/telemetry.ts';
import { CircuitBreakers, DEFAULT_LIMITS } from '#sidecar/upstream/circuit-breakers.ts';
import type {
  Cluster,
  ConnectionSettings,
  OriginalDestination,
  PickContext,
  ServiceIdentity,
} from '#sidecar/upstream/cluster.ts';
import { DEFAULT_CONNECTIONS } from '#sidecar/upstream/cluster-policy.ts';
import type { Endpoint, Outcome } from '#sidecar/upstream/endpoint.ts';
import { MESH_LIMITS, type ServerLimits } from '../server-limits.ts';

export class FakeEndpoint implements Endpoint {
  readonly key: string;
  readonly address: string;
  readonly port: number;
  readonly workload: EndpointWorkload | undefined = undefined;
  readonly localAddress: string | undefined = undefined;
  active = 0;
  removed = false;
  begun = 0;
  readonly outcomes: Outcome[] = [];

  constructor(port: number, address = '127.0.0.1') {
    this.key = `${address}:${port}`;
    this.address = address;
    this.port = port;
  }

  begin(): number {
    this.active += 1;
    this.begun += 1;
    return performance.now();
  }

  end(_startMs: number, outcome: Outcome): void {
    this.active -= 1;
    this.outcomes.push(outcome);
  }
}

export class FakeCluster implements Cluster {
  readonly name = 'outbound|80||app.test';
  readonly service: ServiceIdentity = { host: 'app.test', name: 'app', namespace: 'test' };
  connectTimeoutMs = 1000;
  removed = false;
  readonly breakers: CircuitBreakers = new CircuitBreakers(DEFAULT_LIMITS);
  connections: ConnectionSettings = DEFAULT_CONNECTIONS;
  endpoints: FakeEndpoint[];
  readonly originals: OriginalDestination[] = [];
  readonly hashes: (number | undefined)[] = [];
  #next = 0;

  constructor(...endpoints: FakeEndpoint[]) {
    this.endpoints = endpoints;
  }

  pick({ excluded, original, hash }: PickContext): Endpoint | undefined {
    this.originals.push(original);
    this.hashes.push(hash);
    const fresh = this.endpoints.filter((endpoint) => !excluded.includes(endpoint));
    const choice = fresh.length > 0 ? fresh : this.endpoints;
    return choice[this.#next++ % Math.max(1, choice.length)];
  }
}

export interface Observation {
  readonly reporter: Reporter;
  readonly peer: Peer | undefined;
  readonly service: string;
  readonly code: number;
  readonly flag: ResponseFlag;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

export interface TcpObservation {
  readonly service: string;
  opened: number;
  readonly flags: ResponseFlag[];
  sent: number;
  received: number;
}

export class FakeTelemetry implements Telemetry {
  readonly ownPeerMetadata = 'b3du';
  readonly requestsSeen: Observation[] = [];
  readonly tcpSeen: TcpObservation[] = [];

  requests(reporter: Reporter, peer: Peer | undefined, service: ServiceIdentity) {
    return {
      observe: (
        code: number,
        flag: ResponseFlag,
        _durationMs: number,
        requestBytes: number,
        responseBytes: number,
      ): void => {
        this.requestsSeen.push({
          reporter,
          peer,
          service: service.host,
          code,
          flag,
          requestBytes,
          responseBytes,
        });
      },
    };
  }

  tcp(_reporter: Reporter, _peer: Peer | undefined, service: ServiceIdentity) {
    const seen: TcpObservation = { service: service.host, opened: 0, flags: [], sent: 0, received: 0 };
    this.tcpSeen.push(seen);
    return {
      opened: (): void => {
        seen.opened += 1;
      },
      closed: (flag: ResponseFlag): void => {
        seen.flags.push(flag);
      },
      sent: (bytes: number): void => {
        seen.sent += bytes;
      },
      received: (bytes: number): void => {
        seen.received += bytes;
      },
    };
  }

  peerOf(headerValue: string): Peer | undefined {
    if (headerValue === '') return undefined;
    return {
      workload: headerValue,
      namespace: 'test',
      canonicalName: headerValue,
      canonicalRevision: 'v1',
      cluster: 'Kubernetes',
    };
  }
}

/** A route table of one function. */
export function tableOf(select: (request: RequestView) => RouteDecision): RouteTable {
  return { name: 'test', select };
}

export function forwardTo(
  cluster: Cluster,
  options: Partial<Pick<TargetOptions, 'timeoutMs' | 'attempts' | 'retry' | 'hash'>> = {},
): RouteDecision {
  return {
    kind: 'forward',
    route: 'default',
    cluster,
    timeoutMs: options.timeoutMs ?? 0,
    retry: {
      ...NO_RETRY,
      attempts: options.attempts ?? 0,
      on: { ...NO_CONDITIONS, connectFailure: true },
      ...options.retry,
    },
    hash: options.hash,
  };
}

export interface TargetOptions {
  readonly protocol?: ListenerTarget['protocol'];
  readonly cluster: Cluster;
  readonly routes?: () => Lookup<RouteTable>;
  readonly timeoutMs?: number;
  readonly attempts?: number;
  readonly retry?: Partial<RetryPolicy>;
  readonly hash?: readonly HashRule[];
  readonly limits?: Partial<ServerLimits>;
}

export function targetOf(options: TargetOptions): ListenerTarget {
  const table = tableOf(() => forwardTo(options.cluster, options));
  return {
    name: 'test-target',
    limits: options.limits === undefined ? undefined : { ...MESH_LIMITS, ...options.limits },
    protocol: options.protocol ?? 'http',
    routes: options.routes ?? (() => ({ state: 'found', value: table })),
    cluster: () => ({ state: 'found', value: options.cluster }),
  };
}

/** The same target for every destination. */
export function snapshotOf(target: ListenerTarget | FilterChains): { value: Snapshot } {
  const chains = 'protocol' in target ? { plain: target } : target;
  const found: Lookup<FilterChains> = { state: 'found', value: chains };
  return { value: { outbound: () => found, inbound: () => found, bound: [], serves: () => true } };
}

/** Nothing but metrics. */
export const UNWATCHED: Pick<Observers, 'tracing' | 'accessLog'> = {
  tracing: () => undefined,
  accessLog: () => undefined,
};
