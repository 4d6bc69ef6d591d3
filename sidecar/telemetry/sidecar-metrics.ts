/** Everything that the sidecar tells of itself, in the order of the page: Istio's metrics first, then its own. */
import type { MetricDescription } from '#api/foundation/metric.ts';
import { CONFIGURATION_METRICS, type ConfigurationPicture } from './configuration-metrics.ts';
import { exposeMeshMetrics } from './exposition.ts';
import { GcPauses } from './gc-pauses.ts';
import type { MeshTelemetry } from './mesh-telemetry.ts';
import { type IdleConnections, POOL_METRICS, PoolWatch, type Watched } from './pool-metrics.ts';
import { LoopDelay, PROCESS_METRICS, pictureProcess } from './process-metrics.ts';
import { STANDARD_METRICS } from './standard.ts';
import { readMetrics } from './text-format.ts';
import { TRAFFIC_METRICS, type TrafficPicture } from './traffic-metrics.ts';
import type { Counted, UpstreamCounts } from './upstream-counts.ts';
import { UPSTREAM_METRICS } from './upstream-metrics.ts';

/** Where the metrics are read, each when somebody asks. */
export interface MetricSources {
  readonly telemetry: MeshTelemetry;
  readonly upstream: UpstreamCounts;
  readonly clusters: () => Iterable<Counted & Watched>;
  readonly idle: () => IdleConnections;
  readonly configuration: () => ConfigurationPicture;
  readonly traffic: () => Omit<TrafficPicture, 'folded'>;
  readonly nowMs: () => number;
}

export class SidecarMetrics {
  readonly #sources: MetricSources;
  readonly #pools = new PoolWatch();
  readonly #delay = new LoopDelay();
  readonly #pauses = new GcPauses();

  constructor(sources: MetricSources) {
    this.#sources = sources;
  }

  /** In pieces, since there may be many series. */
  *expose(): Generator<string> {
    const { telemetry, upstream, clusters, idle, configuration, traffic, nowMs } = this.#sources;
    yield* exposeMeshMetrics(telemetry);
    yield* readMetrics(UPSTREAM_METRICS, upstream.read(clusters()));
    yield* readMetrics(POOL_METRICS, this.#pools.read(clusters(), idle(), nowMs()));
    yield* readMetrics(CONFIGURATION_METRICS, configuration());
    yield* readMetrics(TRAFFIC_METRICS, { ...traffic(), folded: telemetry.folded });
    yield* readMetrics(PROCESS_METRICS, pictureProcess(this.#delay, this.#pauses));
  }

  close(): void {
    this.#delay.close();
    this.#pauses.close();
  }
}

/** For the reference page. */
export const SIDECAR_METRICS: readonly MetricDescription[] = [
  ...STANDARD_METRICS,
  ...UPSTREAM_METRICS,
  ...POOL_METRICS,
  ...CONFIGURATION_METRICS,
  ...TRAFFIC_METRICS,
  ...PROCESS_METRICS,
];
