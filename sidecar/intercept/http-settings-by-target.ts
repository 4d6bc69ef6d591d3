import type { ListenerTarget } from '#sidecar/discovery/snapshot.ts';
import type { AddedLines } from '#sidecar/http/added-lines.ts';
import type { HttpSettings } from '#sidecar/http/http-settings.ts';
import { LocalRateLimit } from '#sidecar/http/local-rate-limit.ts';

/** The settings of connections that nothing special holds for, and those of the others: made once for each target. */
export class HttpSettingsByTarget {
  readonly plain: HttpSettings;
  readonly #secureLines: () => AddedLines;
  readonly #others = new WeakMap<ListenerTarget, HttpSettings>();

  /** `secureLines` makes the lines that requests get which came over TLS. */
  constructor(plain: HttpSettings, secureLines: () => AddedLines) {
    this.plain = plain;
    this.#secureLines = secureLines;
  }

  of(target: ListenerTarget): HttpSettings {
    const { tls, edge, rateLimit } = target;
    if (tls === undefined && edge !== true && rateLimit === undefined) return this.plain;
    const known = this.#others.get(target);
    if (known !== undefined) return known;
    const made: HttpSettings = {
      ...this.plain,
      ...(tls === undefined ? {} : { scheme: 'https', added: this.#secureLines() }),
      ...(rateLimit === undefined
        ? {}
        : { rateLimit: new LocalRateLimit(rateLimit, this.plain.clock.nowMs()) }),
      edge: edge === true,
    };
    this.#others.set(target, made);
    return made;
  }
}
