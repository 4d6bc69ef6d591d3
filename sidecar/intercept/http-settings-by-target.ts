import type { ListenerTarget } from '#sidecar/discovery/snapshot.ts';
import type { AddedLines } from '#sidecar/http/added-lines.ts';
import type { HttpSettings } from '#sidecar/http/http-settings.ts';

/** The settings of plain connections between sidecars, and those of connections to a gateway, made when one comes. */
export class HttpSettingsByTarget {
  readonly plain: HttpSettings;
  readonly #secureLines: () => AddedLines;
  readonly #others = new Map<string, HttpSettings>();

  /** `secureLines` makes the lines that requests get which came over TLS. */
  constructor(plain: HttpSettings, secureLines: () => AddedLines) {
    this.plain = plain;
    this.#secureLines = secureLines;
  }

  of({ tls, edge }: ListenerTarget): HttpSettings {
    if (tls === undefined && edge !== true) return this.plain;
    const key = `${tls !== undefined} ${edge === true}`;
    const known = this.#others.get(key);
    if (known !== undefined) return known;
    const secure = tls === undefined ? {} : { scheme: 'https' as const, added: this.#secureLines() };
    const made: HttpSettings = { ...this.plain, ...secure, edge: edge === true };
    this.#others.set(key, made);
    return made;
  }
}
