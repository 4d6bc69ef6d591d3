/** Tracing of all listeners: equal specs share it, and those with the same collector its queue and its connection. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { Random } from '#api/foundation/random.ts';
import type { Reporter } from '#sidecar/telemetry/telemetry.ts';
import type { ClusterDirectory } from '#sidecar/upstream/cluster-directory.ts';
import { SpanExporter } from './export/span-exporter.ts';
import { IdSource } from './hex-ids.ts';
import { ListenerTracing } from './listener-tracing.ts';
import type { ProxyIdentity } from './proxy-identity.ts';
import type { RequestTracing } from './request-tracing.ts';
import { exposeSpans } from './span-metrics.ts';
import type { TracingSpec } from './tracing-spec.ts';
import { WallTime } from './wall-time.ts';

export interface TracersSettings {
  /** Where collectors are found. */
  readonly clusters: ClusterDirectory;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly proxy: ProxyIdentity;
  /** Variables that custom tags may name: `process.env`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** That many random octets, for identifiers that no two programs may share; the system's unless it is said. */
  readonly entropy?: (bytes: number) => Buffer;
}

/** Specs come and go with the configuration: the tracing of so many is kept for those that come again. */
const MAX_KEPT = 64;

export class Tracers {
  readonly #settings: TracersSettings;
  readonly #ids: IdSource;
  readonly #wallTime: WallTime;
  readonly #tracings = new Map<string, RequestTracing>();
  readonly #exporters = new Map<string, { readonly collector: string; readonly exporter: SpanExporter }>();

  constructor(settings: TracersSettings) {
    this.#settings = settings;
    this.#ids = new IdSource(settings.entropy ?? randomBytes);
    this.#wallTime = new WallTime(settings.clock);
  }

  of(spec: TracingSpec, reporter: Reporter): RequestTracing {
    const key = `${reporter} ${spec.key}`;
    const known = this.#tracings.get(key);
    if (known !== undefined) return known;
    const { proxy, environment, random } = this.#settings;
    const recording = {
      spec,
      proxy,
      environment,
      sink: this.#exporter(spec),
      wallTime: this.#wallTime,
      newSpanId: () => this.#ids.span(),
    };
    const tracing = new ListenerTracing(recording, this.#ids, random);
    if (this.#tracings.size >= MAX_KEPT) this.#tracings.delete(this.#tracings.keys().next().value ?? '');
    this.#tracings.set(key, tracing);
    return tracing;
  }

  /** Metrics text; '' as long as nothing is traced. */
  expose(): string {
    const byCollector = new Map<string, SpanExporter[]>();
    for (const { collector, exporter } of this.#exporters.values()) {
      const others = byCollector.get(collector);
      if (others === undefined) byCollector.set(collector, [exporter]);
      else others.push(exporter);
    }
    return [...exposeSpans(byCollector)].join('');
  }

  /** Sends what is queued, for a few seconds at most. */
  async close(): Promise<void> {
    await Promise.all([...this.#exporters.values()].map(({ exporter }) => exporter.close()));
  }

  #exporter(spec: TracingSpec): SpanExporter {
    const key = JSON.stringify([spec.exporter, spec.serviceName]);
    const known = this.#exporters.get(key);
    if (known !== undefined) return known.exporter;
    const { proxy, logger } = this.#settings;
    const { cluster } = spec.exporter;
    const exporter = new SpanExporter({
      ...this.#settings,
      logger: logger.with({ collector: cluster }),
      open: async () => {
        const { openWay } = await import('./export/open-way.ts');
        return openWay(spec, proxy, this.#settings);
      },
    });
    this.#exporters.set(key, { collector: cluster, exporter });
    return exporter;
  }
}
