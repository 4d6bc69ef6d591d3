/**
 * A service of many instances over hours of virtual time: instances fail, slow down, hang, restart elsewhere, and whole
 * zones go; endpoints and policies are updated meanwhile. Everything is drawn from one seed.
 */
import { type Random, seededRandom } from '#api/foundation/random.ts';
import { DEFAULT_BACKOFF, NO_CONDITIONS, type RetryPolicy } from '#sidecar/routing/retry-policy.ts';
import { type BalancerPolicy, DEFAULT_POLICY } from '#sidecar/upstream/balancer.ts';
import { EndpointCluster } from '#sidecar/upstream/endpoint-cluster.ts';
import type { LocalityEndpoints } from '#sidecar/upstream/locality/locality-endpoints.ts';
import { DEFAULT_LOCALITY } from '#sidecar/upstream/locality/locality-policy.ts';
import { DEFAULT_OUTLIER } from '#sidecar/upstream/outlier/outlier-policy.ts';
import { addressOf, policyOf } from '#sidecar/upstream/testing/endpoints.ts';
import { keyOf } from '#sidecar/upstream/tracked-endpoint.ts';
import { Client, type Ended } from './client.ts';
import { Invariants } from './invariants.ts';
import { type Condition, Server, WELL } from './server.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface FleetOptions {
  readonly seed: number;
  readonly servers: number;
  readonly hours: number;
  readonly requestsPerSecond: number;
  /** Mean time between two troubles of the fleet, milliseconds. */
  readonly troubleEveryMs: number;
}

/** What a run came to; equal seeds give equal ones. */
export interface FleetSummary {
  requests: number;
  errors: number;
  retries: number;
  ejections: number;
  returns: number;
  trials: number;
  picksInPanic: number;
  updates: number;
  /** Of the latencies in their order: two runs that differ anywhere differ here. */
  digest: number;
}

const ZONES = ['a', 'b', 'c'];
const RETRY: RetryPolicy = {
  attempts: 2,
  perTryTimeoutMs: 0,
  on: { ...NO_CONDITIONS, any5xx: true, reset: true, connectFailure: true },
  backoff: DEFAULT_BACKOFF,
  otherHosts: true,
};
const BALANCERS: readonly BalancerPolicy[] = [
  DEFAULT_POLICY,
  { kind: 'round-robin', slowStart: { windowMs: 30_000, aggression: 1, minWeightPercent: 10 } },
  { kind: 'least-request', choices: 2 },
  { kind: 'maglev', tableSize: 65_537 },
  { kind: 'ring-hash', minimumRingSize: 1024, maximumRingSize: 8_388_608 },
  { kind: 'random' },
];
const TROUBLES: readonly Condition[] = [
  { kind: 'slow', factor: 50 },
  { kind: 'refusing' },
  { kind: 'down' },
  { kind: 'hung', timeoutMs: 1_000 },
  { kind: 'flaky', share: 0.5 },
];

export class Fleet {
  readonly clock = new VirtualClock();
  readonly summary: FleetSummary;
  readonly client: Client;
  readonly #options: FleetOptions;
  readonly #random: Random;
  readonly #invariants = new Invariants(this.clock);
  readonly #servers = new Map<string, Server>();
  #cluster: EndpointCluster;
  #nextAddress = 0;
  #policies = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.summary = {
      requests: 0,
      errors: 0,
      retries: 0,
      ejections: 0,
      returns: 0,
      trials: 0,
      picksInPanic: 0,
      updates: 0,
      digest: 0,
    };
    for (let i = 0; i < options.servers; i += 1) this.#boot();
    this.#cluster = this.#configure(undefined);
    this.client = new Client({
      clock: this.clock,
      random: this.#random,
      cluster: () => this.#cluster,
      serverAt: (key) => this.#servers.get(key),
      retry: RETRY,
      invariants: this.#invariants,
      onEnd: (request) => this.#note(request),
    });
  }

  get cluster(): EndpointCluster {
    return this.#cluster;
  }

  run(): FleetSummary {
    const { hours, requestsPerSecond, troubleEveryMs } = this.#options;
    this.#every(1_000 / requestsPerSecond, () => this.client.send(Math.floor(this.#random() * 2 ** 32)));
    this.#every(troubleEveryMs, () => this.#trouble());
    this.#every(100 * troubleEveryMs, () => this.#zoneOutage());
    this.#every(20_000, () => this.#restart());
    this.#every(600_000, () => {
      this.#cluster = this.#configure(this.#cluster);
    });
    this.clock.runUntil(hours * 3_600_000);
    const { ejections, returns, trials, picksInPanic } = this.#invariants;
    return Object.assign(this.summary, {
      requests: this.client.started,
      retries: this.client.retries,
      ejections,
      returns,
      trials,
      picksInPanic,
    });
  }

  /** Again and again, after times with this mean (Poisson). */
  #every(meanMs: number, task: () => void): void {
    this.clock.after(-Math.log(1 - this.#random()) * meanMs, () => {
      task();
      this.#every(meanMs, task);
    });
  }

  #boot(): void {
    const weight = this.#random() < 0.1 ? 2 : 1;
    const server = new Server(addressOf(this.#nextAddress, weight), 2 + 8 * this.#random());
    this.#nextAddress += 1;
    this.#servers.set(keyOf(server.address.address, server.address.port), server);
  }

  #any(): Server {
    const all = [...this.#servers.values()];
    return all[Math.floor(this.#random() * all.length)]!;
  }

  #trouble(): void {
    const condition = TROUBLES[Math.floor(this.#random() * TROUBLES.length)]!;
    this.#afflict([this.#any()], condition, 20_000 + this.#random() * 300_000);
  }

  #zoneOutage(): void {
    const zone = ZONES[Math.floor(this.#random() * ZONES.length)]!;
    const servers = [...this.#servers.values()].filter((server) => zoneOf(server) === zone);
    this.#afflict(servers, { kind: 'refusing' }, 60_000);
  }

  #afflict(servers: readonly Server[], condition: Condition, durationMs: number): void {
    for (const server of servers) server.condition = condition;
    this.clock.after(durationMs, () => {
      for (const server of servers) server.condition = WELL;
    });
  }

  /** An instance goes, unannounced for a moment, and another comes. */
  #restart(): void {
    const gone = this.#any();
    this.#servers.delete(keyOf(gone.address.address, gone.address.port));
    this.clock.after(500, () => {
      this.#boot();
      this.summary.updates += 1;
      this.#cluster.replaceEndpoints(this.#localities());
    });
  }

  /** Zones a and b share the traffic by weight, c is for when they fail. */
  #localities(): LocalityEndpoints[] {
    return ZONES.map((zone) => ({
      locality: { region: 'r', zone, subZone: '' },
      priority: zone === 'c' ? 1 : 0,
      weight: zone === 'b' ? 2 : 1,
      endpoints: [...this.#servers.values()]
        .filter((server) => zoneOf(server) === zone)
        .map((s) => s.address),
    }));
  }

  /** The next policy: another balancer, localities weighed or not, the panic threshold on or off. */
  #configure(previous: EndpointCluster | undefined): EndpointCluster {
    const turn = this.#policies;
    this.#policies += 1;
    const policy = policyOf({
      balancer: BALANCERS[turn % BALANCERS.length]!,
      locality: { ...DEFAULT_LOCALITY, weighted: turn % 2 === 0, panicThreshold: turn % 3 === 2 ? 0 : 50 },
      outlier: { ...DEFAULT_OUTLIER, maxEjectionPercent: 80, maxEjectionTimeJitterMs: 1_000 },
    });
    const cluster = new EndpointCluster(policy, this.clock, this.#random, previous, this.#invariants);
    if (previous === undefined) cluster.replaceEndpoints(this.#localities());
    return cluster;
  }

  #note({ outcome, tookMs }: Ended): void {
    const { summary } = this;
    if (outcome !== 'success') summary.errors += 1;
    summary.digest = (Math.imul(summary.digest, 31) + Math.floor(tookMs * 1_000)) >>> 0;
  }
}

function zoneOf({ address }: Server): string {
  const last = Number(address.address.split('.').at(-1));
  return ZONES[last % ZONES.length]!;
}
