/** Tracing of all listeners: equal specs share an exporter, its queue and its connection. */
import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { Random } from '#api/foundation/random.ts';
import type { Reporter } from '#sidecar/telemetry/telemetry.ts';
import type { ClusterDirectory } from '#sidecar/upstream/cluster-directory.ts';
import type { ProxyIdentity } from './proxy-identity.ts';
import type { RequestTracing } from './request-tracing.ts';
import type { TracingSpec } from './tracing-spec.ts';

export interface TracersSettings {
  /** Where collectors are found. */
  readonly clusters: ClusterDirectory;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly proxy: ProxyIdentity;
  /** Variables that custom tags may name: `process.env`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export class Tracers {
  constructor(settings: TracersSettings) {
    void settings;
  }

  of(spec: TracingSpec, reporter: Reporter): RequestTracing {
    void spec;
    void reporter;
    return { begin: () => undefined };
  }

  /** Metrics text. */
  expose(): string {
    return '';
  }

  /** Sends what is queued, for a few seconds at most. */
  async close(): Promise<void> {}
}
