import type { Clock } from '#api/foundation/clock.ts';
import type { Assignment } from '../accept-assignment.ts';
import { DnsEndpoints, type DnsPlan } from './dns-endpoints.ts';
import type { NameResolver } from './resolver.ts';

/** The names that each cluster watches. A change of names keeps what is known until the new ones are resolved. */
export class NamedClusters {
  readonly #resolver: NameResolver;
  readonly #clock: Clock;
  readonly #resolved: (cluster: string, assignment: Assignment) => void;
  readonly #watched = new Map<string, DnsEndpoints>();

  /** `resolved` is called with the endpoints of a cluster when they are known, and when they change. */
  constructor(
    resolver: NameResolver,
    clock: Clock,
    resolved: (cluster: string, assignment: Assignment) => void,
  ) {
    this.#resolver = resolver;
    this.#clock = clock;
    this.#resolved = resolved;
  }

  /** Clusters that watch names, and those of them whose names were never resolved. */
  get counts(): { readonly watched: number; readonly unresolved: number } {
    const unresolved = [...this.#watched.values()].filter(({ ready }) => !ready).length;
    return { watched: this.#watched.size, unresolved };
  }

  get resolving(): boolean {
    return this.#watched.values().some(({ ready }) => !ready);
  }

  isResolving(cluster: string): boolean {
    return this.#watched.get(cluster)?.ready === false;
  }

  /** Returns the endpoints when they are known already. */
  watch(cluster: string, plan: DnsPlan): Assignment | undefined {
    const known = this.#watched.get(cluster);
    if (known !== undefined && JSON.stringify(known.plan) === JSON.stringify(plan)) {
      return known.ready ? known.assignment : undefined;
    }
    known?.stop();
    const made = new DnsEndpoints(plan, this.#resolver, this.#clock, () => {
      if (this.#watched.get(cluster) === made) this.#resolved(cluster, made.assignment);
    });
    this.#watched.set(cluster, made);
    return undefined;
  }

  drop(cluster: string): void {
    this.#watched.get(cluster)?.stop();
    this.#watched.delete(cluster);
  }

  close(): void {
    for (const endpoints of this.#watched.values()) endpoints.stop();
  }
}
