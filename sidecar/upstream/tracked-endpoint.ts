import type { Clock } from '#api/foundation/clock.ts';
import type { EndpointWorkload } from '#api/xds/node-metadata.ts';
import type { Endpoint, Outcome } from './endpoint.ts';
import { LoadEstimate, type PeakEwmaPolicy, type Verdict } from './load-estimate.ts';
import { EndpointHealth } from './outlier/endpoint-health.ts';
import { offersTrial, trialGiven } from './outlier/standing.ts';

/** Where an endpoint is and who answers there. Two of the same address and workload are the same endpoint, across updates. */
export interface EndpointAddress {
  readonly address: string;
  readonly port: number;
  readonly workload: EndpointWorkload | undefined;
  /** Envoy's `load_balancing_weight`, 1 and up. */
  readonly weight: number;
}

/** Hears of every try. */
export interface OutcomeObserver {
  onBegin(endpoint: TrackedEndpoint, nowMs: number): void;
  onEnd(endpoint: TrackedEndpoint, startMs: number, outcome: Outcome, nowMs: number): void;
}

const VERDICTS: Readonly<Record<Outcome, Verdict>> = {
  success: 'success',
  'server-error': 'failure',
  'gateway-error': 'failure',
  'connect-failure': 'failure',
  timeout: 'failure',
  reset: 'failure',
  cancelled: 'censored',
};

/** An endpoint that remembers how its tries went. */
export class TrackedEndpoint implements Endpoint {
  readonly key: string;
  readonly address: string;
  readonly port: number;
  readonly workload: EndpointWorkload | undefined;
  readonly localAddress: string | undefined;
  readonly load: LoadEstimate;
  readonly health: EndpointHealth = new EndpointHealth();
  /** When it came, milliseconds of the cluster's clock. */
  readonly sinceMs: number;
  /** May change from update to update, as `priority` may. */
  weight: number;
  priority = 0;
  active = 0;
  removed = false;
  observer: OutcomeObserver | undefined;
  readonly #clock: Clock;

  constructor(
    where: EndpointAddress,
    localAddress: string | undefined,
    policy: PeakEwmaPolicy,
    clock: Clock,
  ) {
    this.key = keyOf(where.address, where.port);
    this.address = where.address;
    this.port = where.port;
    this.workload = where.workload;
    this.weight = where.weight;
    this.localAddress = localAddress;
    this.sinceMs = clock.nowMs();
    this.load = new LoadEstimate(policy, this.sinceMs);
    this.#clock = clock;
  }

  get ejections(): number {
    return this.health.ejections;
  }

  begin(nowMs: number = this.#clock.nowMs()): number {
    this.active += 1;
    this.observer?.onBegin(this, nowMs);
    return nowMs;
  }

  end(startMs: number, outcome: Outcome, nowMs: number = this.#clock.nowMs()): void {
    this.active -= 1;
    this.load.observe(nowMs, nowMs - startMs, VERDICTS[outcome]);
    this.observer?.onEnd(this, startMs, outcome, nowMs);
  }

  cost(nowMs: number): number {
    return this.load.cost(nowMs, this.active);
  }

  /** Takes the one try of an endpoint on trial, if it is to be had. */
  takeTrial(): boolean {
    const nowMs = this.#clock.nowMs();
    if (!offersTrial(this.health.standing, nowMs)) return false;
    this.health.standing = trialGiven(nowMs);
    return true;
  }
}

/** `ADDRESS:PORT`, IPv6 addresses in brackets. */
export function keyOf(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
