/**
 * The endpoints of a cluster that are found by name: Envoy's STRICT_DNS, where every address of a name is an endpoint,
 * and LOGICAL_DNS, where the name is one endpoint whose address may change.
 */
import type { Clock, Timer } from '#api/foundation/clock.ts';
import type { LocalityEndpoints } from '#sidecar/upstream/locality/locality-endpoints.ts';
import type { EndpointAddress } from '#sidecar/upstream/tracked-endpoint.ts';
import { isIp } from '../accept-address.ts';
import type { Assignment } from '../accept-assignment.ts';
import { type NamePolicy, NameWatch } from './name-watch.ts';
import type { NameResolver } from './resolver.ts';

/** What to resolve, and how. */
export interface DnsPlan {
  readonly kind: 'strict' | 'logical';
  readonly policy: NamePolicy;
  /** Addresses may be names. */
  readonly assignment: Assignment;
}

/** A name that nobody answers for holds its cluster, and the routes to it, up for this long. */
export const FIRST_ANSWER_MS = 5_000;

export class DnsEndpoints {
  readonly plan: DnsPlan;
  /** Every name was answered once, or has had its time. */
  ready = false;
  readonly #watches: ReadonlyMap<string, NameWatch>;
  readonly #changed: () => void;
  readonly #patience: Timer;

  /** `changed` is called when it becomes ready, and whenever the endpoints change after that; never within this call. */
  constructor(plan: DnsPlan, resolver: NameResolver, clock: Clock, changed: () => void) {
    this.plan = plan;
    this.#changed = changed;
    const names = plan.assignment.localities
      .flatMap(({ endpoints }) => endpoints.map(({ address }) => address))
      .filter((address) => !isIp(address));
    this.#watches = new Map(
      names.map((name) => [name, new NameWatch(name, plan.policy, resolver, clock, () => this.#heard())]),
    );
    this.#patience = clock.after(names.length === 0 ? 0 : FIRST_ANSWER_MS, () => this.#becomeReady());
    for (const watch of this.#watches.values()) watch.start();
  }

  /** The endpoints as they are known now. */
  get assignment(): Assignment {
    const { localities, overprovisioningFactor } = this.plan.assignment;
    return { localities: localities.map((each) => this.#resolved(each)), overprovisioningFactor };
  }

  stop(): void {
    this.#patience.cancel();
    for (const watch of this.#watches.values()) watch.stop();
  }

  #resolved(locality: LocalityEndpoints): LocalityEndpoints {
    return { ...locality, endpoints: locality.endpoints.flatMap((each) => this.#addressesOf(each)) };
  }

  #addressesOf(endpoint: EndpointAddress): EndpointAddress[] {
    const watch = this.#watches.get(endpoint.address);
    if (watch === undefined) return [endpoint];
    const used = this.plan.kind === 'strict' ? watch.addresses : watch.addresses.slice(0, 1);
    return used.map((address) => ({ ...endpoint, address }));
  }

  #heard(): void {
    if (this.ready) this.#changed();
    else if (this.#watches.values().every(({ settled }) => settled)) this.#becomeReady();
  }

  #becomeReady(): void {
    this.#patience.cancel();
    if (this.ready) return;
    this.ready = true;
    this.#changed();
  }
}
