import type { CircuitBreakers } from '#sidecar/upstream/circuit-breakers.ts';
import type { ServiceIdentity } from '#sidecar/upstream/cluster.ts';
import type { Cause } from '#sidecar/upstream/outlier/tally.ts';

/** What a circuit breaker can refuse. */
export const BREAKERS = ['connections', 'pending', 'requests', 'retries'] as const;
export type BreakerName = (typeof BREAKERS)[number];

/** What was met on the way to one service, all its ports and subsets together. */
export interface ServiceCounts {
  readonly ejections: Map<Cause, number>;
  readonly overflows: Record<BreakerName, number>;
  retried: number;
  /** Endpoints that are out now. */
  ejected: number;
}

/** A cluster, as far as its counts are read. */
export interface Counted {
  readonly service: Pick<ServiceIdentity, 'host'>;
  readonly breakers: CircuitBreakers;
  readonly outliers?: { readonly counts: { readonly active: number } } | undefined;
}

/** Services that are told apart; a mesh that has more is counted on under one name. */
const MAX_SERVICES = 1_000;
const OTHERS = 'other';

/**
 * Counts by destination service. Clusters have slots of their own, which are read when somebody asks; here is only what
 * would go with them: ejections, which are rare, and the slots of clusters that are gone.
 */
export class UpstreamCounts {
  readonly #kept = new Map<string, ServiceCounts>();

  ejected({ host }: Counted['service'], cause: Cause): void {
    const { ejections } = entry(this.#kept, host);
    ejections.set(cause, (ejections.get(cause) ?? 0) + 1);
  }

  /** A cluster is gone: a counter never falls. */
  retired(cluster: Counted): void {
    if (hasCounted(cluster)) add(entry(this.#kept, cluster.service.host), cluster.breakers);
  }

  /** What was ever counted, with what these clusters have now; services that nothing happened to are left out. */
  read(clusters: Iterable<Counted>): Map<string, ServiceCounts> {
    const counts = new Map([...this.#kept].map(([host, kept]) => [host, copyOf(kept)]));
    for (const cluster of clusters) {
      const active = cluster.outliers?.counts.active ?? 0;
      if (active === 0 && !hasCounted(cluster)) continue;
      const service = entry(counts, cluster.service.host);
      service.ejected += active;
      add(service, cluster.breakers);
    }
    return counts;
  }
}

function entry(counts: Map<string, ServiceCounts>, host: string): ServiceCounts {
  const key = counts.has(host) || counts.size < MAX_SERVICES ? host : OTHERS;
  const known = counts.get(key);
  if (known !== undefined) return known;
  const overflows = { connections: 0, pending: 0, requests: 0, retries: 0 };
  const made: ServiceCounts = { ejections: new Map(), overflows, retried: 0, ejected: 0 };
  counts.set(key, made);
  return made;
}

function hasCounted({ breakers }: Counted): boolean {
  return breakers.retried > 0 || BREAKERS.some((name) => breakers[name].overflows > 0);
}

function add(service: ServiceCounts, breakers: CircuitBreakers): void {
  for (const name of BREAKERS) service.overflows[name] += breakers[name].overflows;
  service.retried += breakers.retried;
}

function copyOf({ ejections, overflows, retried }: ServiceCounts): ServiceCounts {
  return { ejections: new Map(ejections), overflows: { ...overflows }, retried, ejected: 0 };
}
