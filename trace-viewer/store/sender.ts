/**
 * What one address holds of the store, so that it can be held to its share: the bytes of its spans, in which traces they are,
 * and the names that it has brought. A pod knows no traces but those that it makes up and those that pass through it.
 */
import type { Origin } from '../model/span.ts';
import { Catalogue, type CatalogueLimits } from './catalogue.ts';
import { memoryOf } from './memory-of.ts';

/** What a sender has put into one trace. */
export interface Part {
  spans: number;
  bytes: number;
}

interface SharedOrigin {
  readonly origin: Origin;
  readonly bytes: number;
  uses: number;
}

export class Sender {
  readonly address: string;
  readonly catalogue: Catalogue;
  /** By the ids of traces, in the order in which it began to send of them. */
  readonly parts = new Map<string, Part>();
  /** All that is kept of it, its origins among it. */
  bytes = 0;
  originBytes = 0;
  /** Equal resources are one object. */
  readonly #origins = new Map<string, SharedOrigin>();

  constructor(address: string, names: CatalogueLimits) {
    this.address = address;
    this.catalogue = new Catalogue(names);
  }

  /** What keeping one more span of `origin` would take for the origin. */
  costOf(origin: Origin): number {
    const key = JSON.stringify(origin);
    return this.#origins.has(key) ? 0 : originBytesOf(key);
  }

  share(origin: Origin): Origin {
    const key = JSON.stringify(origin);
    const known = this.#origins.get(key);
    if (known !== undefined) {
      known.uses += 1;
      return known.origin;
    }
    const bytes = originBytesOf(key);
    this.#origins.set(key, { origin, bytes, uses: 1 });
    this.originBytes += bytes;
    this.bytes += bytes;
    return origin;
  }

  release(origin: Origin): void {
    const key = JSON.stringify(origin);
    const known = this.#origins.get(key)!;
    known.uses -= 1;
    if (known.uses > 0) return;
    this.#origins.delete(key);
    this.originBytes -= known.bytes;
    this.bytes -= known.bytes;
  }

  /** Adds to a part, or takes away; without spans it is no part any more. */
  weigh(traceId: string, spans: number, bytes: number): void {
    const part = this.parts.get(traceId) ?? { spans: 0, bytes: 0 };
    part.spans += spans;
    part.bytes += bytes;
    this.bytes += bytes;
    if (part.spans === 0) this.parts.delete(traceId);
    else this.parts.set(traceId, part);
  }
}

/** Kept as objects. */
const originBytesOf = (key: string): number => 4 * memoryOf(key);
