/** Makes of what listeners say what watches their traffic. Equal specs share it, across listeners and across their versions. */
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { AccessLog } from './access-log/access-log.ts';
import type { AccessLogSpec } from './access-log/access-log-spec.ts';
import type { AccessLogs } from './access-log/access-logs.ts';
import type { MeshTelemetry } from './telemetry/mesh-telemetry.ts';
import type { Observers } from './telemetry/observers.ts';
import type { StatsSpec } from './telemetry/stats-spec.ts';
import type { Reporter, Telemetry } from './telemetry/telemetry.ts';
import type { RequestTracing } from './tracing/request-tracing.ts';
import type { Tracers } from './tracing/tracers.ts';
import type { TracingSpec } from './tracing/tracing-spec.ts';

export interface ObserverParts {
  readonly telemetry: Pick<MeshTelemetry, 'under'> & Telemetry;
  readonly tracers: Pick<Tracers, 'of'>;
  readonly accessLogs: Pick<AccessLogs, 'of'>;
  readonly logger: Logger;
}

export class SidecarObservers implements Observers {
  readonly #parts: ObserverParts;

  constructor(parts: ObserverParts) {
    this.#parts = parts;
  }

  tracing(spec: TracingSpec | undefined, reporter: Reporter): RequestTracing | undefined {
    if (spec === undefined) return undefined;
    return this.#whole('tracing', undefined, () => this.#parts.tracers.of(spec, reporter));
  }

  accessLog(specs: readonly AccessLogSpec[]): AccessLog | undefined {
    return this.#whole('access log', undefined, () => this.#parts.accessLogs.of(specs));
  }

  metrics(spec: StatsSpec | undefined): Telemetry {
    const { telemetry } = this.#parts;
    return this.#whole('metrics', telemetry, () => telemetry.under(spec));
  }

  /** A listener that asks for what cannot be made carries its traffic all the same. */
  #whole<T>(what: string, otherwise: T, make: () => T): T {
    try {
      return make();
    } catch (error) {
      this.#parts.logger.error('a listener is not watched as it says', { what, error: messageOf(error) });
      return otherwise;
    }
  }
}
