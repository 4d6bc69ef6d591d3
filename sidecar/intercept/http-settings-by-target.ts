import type { ListenerTarget } from '#sidecar/discovery/snapshot.ts';
import type { AddedLines } from '#sidecar/http/added-lines.ts';
import { ConcurrencyLimit, type ConcurrencyLimitPolicy } from '#sidecar/http/concurrency-limit.ts';
import { Head } from '#sidecar/http/head.ts';
import type { HttpSettings } from '#sidecar/http/http-settings.ts';
import { LocalRateLimit, type LocalRateLimitPolicy } from '#sidecar/http/local-rate-limit.ts';
import { RequestMeters } from '#sidecar/http/meters.ts';
import type { ServerLimits } from '#sidecar/http/server-limits.ts';
import type { ObservationSpec, Observers } from '#sidecar/telemetry/observers.ts';
import { hasTags } from '#sidecar/telemetry/stats-spec.ts';
import type { Reporter } from '#sidecar/telemetry/telemetry.ts';
import { KeptLimits } from './kept-limits.ts';

/** What settings are made with. */
export interface HttpParts {
  /** The lines that requests get which came by `scheme`; `traced`: where requests are traced. */
  readonly lines: (scheme: 'http' | 'https', traced: boolean) => AddedLines;
  readonly observers: Observers;
  readonly reporter: Reporter;
}

/** The settings of connections that nothing special holds for, and those of the others: made once for each target. */
export class HttpSettingsByTarget {
  readonly plain: HttpSettings;
  readonly #parts: HttpParts;
  readonly #others = new WeakMap<ListenerTarget, HttpSettings>();
  readonly #rateLimits: KeptLimits<LocalRateLimitPolicy, LocalRateLimit>;
  readonly #concurrencyLimits: KeptLimits<ConcurrencyLimitPolicy, ConcurrencyLimit>;

  constructor(plain: HttpSettings, parts: HttpParts) {
    const { clock, random } = plain;
    this.plain = plain;
    this.#parts = parts;
    this.#rateLimits = new KeptLimits((policy) => new LocalRateLimit(policy, clock.nowMs()));
    this.#concurrencyLimits = new KeptLimits((policy) => new ConcurrencyLimit(policy, clock.nowMs(), random));
  }

  of(target: ListenerTarget): HttpSettings {
    const { tls, edge, rateLimit, concurrency, chain, observation, limits = this.plain.limits } = target;
    const limited = limits !== this.plain.limits || rateLimit !== undefined || concurrency !== undefined;
    if (tls === undefined && edge !== true && !limited && observation === undefined) return this.plain;
    const known = this.#others.get(target);
    if (known !== undefined) return known;
    const scheme = tls === undefined ? 'http' : 'https';
    const observed = observation === undefined ? undefined : this.#observed(observation);
    const isPlain = scheme === 'http' && observed?.tracing === undefined;
    const made: HttpSettings = {
      ...this.plain,
      ...observed,
      scheme,
      added: isPlain ? this.plain.added : this.#parts.lines(scheme, observed?.tracing !== undefined),
      rateLimit: this.#rateLimits.of(chain, rateLimit),
      concurrency: this.#concurrencyLimits.of(chain, concurrency),
      edge: edge === true,
      preserveRequestId: target.preserveRequestId === true,
      limits,
      head: this.#headFor(limits),
    };
    this.#others.set(target, made);
    return made;
  }

  #observed({ tracing, accessLogs, stats }: ObservationSpec) {
    const { observers, reporter } = this.#parts;
    return {
      tracing: observers.tracing(tracing, reporter),
      accessLog: observers.accessLog(accessLogs),
      meters: stats === undefined ? this.plain.meters : new RequestMeters(observers.metrics(stats), reporter),
      tagged: hasTags(stats),
    };
  }

  #headFor({ maxHeadBytes, maxHeadLines }: ServerLimits): Head {
    const { limits, head } = this.plain;
    const same = maxHeadBytes === limits.maxHeadBytes && maxHeadLines === limits.maxHeadLines;
    return same ? head : new Head(maxHeadBytes, maxHeadLines);
  }
}
