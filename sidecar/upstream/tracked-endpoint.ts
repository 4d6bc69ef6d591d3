import type { Clock } from '#api/foundation/clock.ts';
import type { EndpointWorkload } from '#api/xds/node-metadata.ts';
import type { Endpoint, Outcome } from './endpoint.ts';
import { LoadEstimate, type PeakEwmaPolicy, type Verdict } from './load-estimate.ts';

/** Where an endpoint is and who answers there. Two of the same address and workload are the same endpoint, across updates. */
export interface EndpointAddress {
  readonly address: string;
  readonly port: number;
  readonly workload: EndpointWorkload | undefined;
  /** Envoy's `load_balancing_weight`, 1 and up. */
  readonly weight: number;
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
  readonly weight: number;
  readonly localAddress: string | undefined;
  readonly load: LoadEstimate;
  active = 0;
  removed = false;
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
    this.load = new LoadEstimate(policy, clock.nowMs());
    this.#clock = clock;
  }

  begin(): number {
    this.active += 1;
    return this.#clock.nowMs();
  }

  end(startMs: number, outcome: Outcome): void {
    this.active -= 1;
    const nowMs = this.#clock.nowMs();
    this.load.observe(nowMs, nowMs - startMs, VERDICTS[outcome]);
  }

  cost(nowMs: number): number {
    return this.load.cost(nowMs, this.active);
  }
}

/** `ADDRESS:PORT`, IPv6 addresses in brackets. */
export function keyOf(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
