import type { ListenerTarget } from '#sidecar/discovery/snapshot.ts';
import type { AddedLines } from '#sidecar/http/added-lines.ts';
import { ConcurrencyLimit, type ConcurrencyLimitPolicy } from '#sidecar/http/concurrency-limit.ts';
import { Head } from '#sidecar/http/head.ts';
import type { HttpSettings } from '#sidecar/http/http-settings.ts';
import { LocalRateLimit, type LocalRateLimitPolicy } from '#sidecar/http/local-rate-limit.ts';
import type { ServerLimits } from '#sidecar/http/server-limits.ts';
import { KeptLimits } from './kept-limits.ts';

/** The settings of connections that nothing special holds for, and those of the others: made once for each target. */
export class HttpSettingsByTarget {
  readonly plain: HttpSettings;
  readonly #secureLines: () => AddedLines;
  readonly #others = new WeakMap<ListenerTarget, HttpSettings>();
  readonly #rateLimits: KeptLimits<LocalRateLimitPolicy, LocalRateLimit>;
  readonly #concurrencyLimits: KeptLimits<ConcurrencyLimitPolicy, ConcurrencyLimit>;

  /** `secureLines` makes the lines that requests get which came over TLS. */
  constructor(plain: HttpSettings, secureLines: () => AddedLines) {
    const { clock, random } = plain;
    this.plain = plain;
    this.#secureLines = secureLines;
    this.#rateLimits = new KeptLimits((policy) => new LocalRateLimit(policy, clock.nowMs()));
    this.#concurrencyLimits = new KeptLimits((policy) => new ConcurrencyLimit(policy, clock.nowMs(), random));
  }

  of(target: ListenerTarget): HttpSettings {
    const { tls, edge, rateLimit, concurrency, chain, limits = this.plain.limits } = target;
    const special = limits !== this.plain.limits || rateLimit !== undefined || concurrency !== undefined;
    if (tls === undefined && edge !== true && !special) return this.plain;
    const known = this.#others.get(target);
    if (known !== undefined) return known;
    const made: HttpSettings = {
      ...this.plain,
      ...(tls === undefined ? {} : { scheme: 'https', added: this.#secureLines() }),
      rateLimit: this.#rateLimits.of(chain, rateLimit),
      concurrency: this.#concurrencyLimits.of(chain, concurrency),
      edge: edge === true,
      limits,
      head: this.#headFor(limits),
    };
    this.#others.set(target, made);
    return made;
  }

  #headFor({ maxHeadBytes, maxHeadLines }: ServerLimits): Head {
    const { limits, head } = this.plain;
    const same = maxHeadBytes === limits.maxHeadBytes && maxHeadLines === limits.maxHeadLines;
    return same ? head : new Head(maxHeadBytes, maxHeadLines);
  }
}
