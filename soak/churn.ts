/** Changes the mesh several times a second, as the control plane of a busy one would, and lets applications die. */
import type { Random } from '#api/foundation/random.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import type { AdsFeed } from './ads-feed.ts';
import type { BadApp } from './bad-app.ts';
import type { Destination } from './destinations.ts';
import { below, pick } from './dice.ts';
import { drawCluster, drawEndpoints, PASSTHROUGH, PERMANENT, type Ports } from './mesh-clusters.ts';
import { FLEETING_PORT, standingListeners, webListener } from './mesh-listeners.ts';
import { drawRoutes } from './mesh-routes.ts';

/** Most clusters that exist beside the permanent ones. */
const MAX_FLEETING = 20;

/** A cluster goes this much later than the routes to it, so that nothing on its way is lost. */
const REMOVAL_MS = 500;

export class Churn {
  changes = 0;
  readonly #feed: AdsFeed;
  readonly #ports: Ports;
  readonly #where: readonly Destination[];
  readonly #bad: readonly BadApp[];
  readonly #random: Random;
  readonly #fleeting: string[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  #made = 0;
  #revision = 0;
  #stopped = false;

  constructor(
    feed: AdsFeed,
    ports: Ports,
    where: readonly Destination[],
    bad: readonly BadApp[],
    random: Random,
  ) {
    this.#feed = feed;
    this.#ports = ports;
    this.#where = where;
    this.#bad = bad;
    this.#random = random;
  }

  /** The first picture. */
  begin(): void {
    const random = this.#random;
    this.#feed.set(CLUSTER_TYPE, PASSTHROUGH, ...PERMANENT.map((name) => drawCluster(name, random)));
    this.#feed.set(ENDPOINT_TYPE, ...PERMANENT.map((name) => drawEndpoints(name, this.#ports, random)));
    this.#feed.set(LISTENER_TYPE, webListener(80, 0), ...standingListeners(this.#where, random));
    this.#setRoutes();
  }

  /** Changes something every `everyMs` on average, until `stop`. */
  run(everyMs: number): void {
    if (this.#stopped) return;
    this.#later(2 * everyMs * this.#random(), () => {
      this.changes += 1;
      this.#change();
      this.run(everyMs);
    });
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #later(ms: number, task: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      task();
    }, ms);
    this.#timers.add(timer);
  }

  #change(): void {
    const random = this.#random;
    const draw = below(random, 100);
    if (draw < 35) this.#setRoutes();
    else if (draw < 60)
      this.#feed.set(ENDPOINT_TYPE, drawEndpoints(pick(random, PERMANENT), this.#ports, random));
    else if (draw < 70) this.#feed.set(CLUSTER_TYPE, drawCluster(pick(random, PERMANENT), random));
    else if (draw < 78) this.#addFleeting();
    else if (draw < 86) this.#removeFleeting();
    else if (draw < 90) this.#toggleListener();
    else if (draw < 92) this.#feed.set(LISTENER_TYPE, webListener(80, ++this.#revision));
    else if (draw < 94) this.#feed.set(LISTENER_TYPE, ...standingListeners(this.#where, random));
    else if (draw < 99) void pick(random, this.#bad).die();
    else this.#feed.drop();
  }

  #setRoutes(): void {
    this.#feed.set(ROUTE_TYPE, drawRoutes(this.#fleeting, this.#random));
  }

  #addFleeting(): void {
    if (this.#fleeting.length >= MAX_FLEETING) return;
    this.#made += 1;
    const name = `outbound|80|f${this.#made}|steady`;
    this.#feed.set(CLUSTER_TYPE, drawCluster(name, this.#random));
    this.#feed.set(ENDPOINT_TYPE, drawEndpoints(name, this.#ports, this.#random));
    this.#fleeting.push(name);
    this.#later(REMOVAL_MS, () => this.#setRoutes());
  }

  #removeFleeting(): void {
    const [name] = this.#fleeting.splice(below(this.#random, this.#fleeting.length), 1);
    if (name === undefined) return;
    this.#setRoutes();
    this.#later(REMOVAL_MS, () => {
      this.#feed.remove(CLUSTER_TYPE, name);
      this.#feed.remove(ENDPOINT_TYPE, name);
    });
  }

  #listens = false;

  #toggleListener(): void {
    this.#listens = !this.#listens;
    if (this.#listens) this.#feed.set(LISTENER_TYPE, webListener(FLEETING_PORT, this.#revision));
    else this.#feed.remove(LISTENER_TYPE, `0.0.0.0_${FLEETING_PORT}`);
  }
}
