/**
 * One line for every endpoint that is ejected and for every one that is back. A service that fails as a whole, or comes
 * and goes, is written as its first lines and a number.
 */
import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { NotableFact } from '#api/mesh/notable.ts';
import { TokenBucket } from '#sidecar/http/token-bucket.ts';
import type { UpstreamCounts } from '#sidecar/telemetry/upstream-counts.ts';
import type { ClusterPolicy } from '#sidecar/upstream/cluster-policy.ts';
import type { OutlierListener } from '#sidecar/upstream/outlier/outlier-detector.ts';
import type { ClusterWitness, LiveCluster } from './live-clusters.ts';

/** 2 lines a second after the first 50. */
const LINES = { maxTokens: 50, tokensPerFill: 2, fillIntervalMs: 1_000 } as const;

/** How long after the first line that was left out their number is told. */
const SUMMARY_MS = 5_000;

export class EjectionLog implements ClusterWitness {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #counts: UpstreamCounts;
  readonly #bucket: TokenBucket;
  readonly #note: (fact: NotableFact) => void;
  #leftOut = 0;

  /** `note` hears of each, however many there are. */
  constructor(
    logger: Logger,
    clock: Clock,
    counts: UpstreamCounts,
    note: (fact: NotableFact) => void = () => {},
  ) {
    this.#note = note;
    this.#logger = logger;
    this.#clock = clock;
    this.#counts = counts;
    this.#bucket = new TokenBucket(LINES, clock.nowMs());
  }

  /** Who hears of one cluster's endpoints. */
  listenerOf({ name: cluster, service }: ClusterPolicy): OutlierListener {
    return {
      onEjected: ({ key: endpoint }, cause, durationMs) => {
        this.#counts.ejected(service, cause);
        const forMs = Math.round(durationMs);
        this.#note({ what: 'ejected', service: service.host, endpoint, cause, forMs });
        if (this.#mayWrite()) this.#logger.warn('endpoint ejected', { cluster, endpoint, cause, forMs });
      },
      onReturned: ({ key: endpoint }) => {
        this.#note({ what: 'returned', service: service.host, endpoint });
        if (this.#mayWrite()) this.#logger.info('endpoint returned', { cluster, endpoint });
      },
    };
  }

  retired(cluster: LiveCluster): void {
    this.#counts.retired(cluster);
  }

  #mayWrite(): boolean {
    if (this.#bucket.take(this.#clock.nowMs())) return true;
    this.#leftOut += 1;
    if (this.#leftOut === 1) this.#clock.after(SUMMARY_MS, () => this.#summarize());
    return false;
  }

  #summarize(): void {
    this.#logger.warn('ejections and returns were left out of the log', { lines: this.#leftOut });
    this.#leftOut = 0;
  }
}
