/** What both receivers do with a request's bytes: weigh, decode, judge, keep. Never throws for what a stranger sent. */
import type { Clock } from '#api/foundation/clock.ts';
import { messageOf, WeftError } from '#api/foundation/errors.ts';
import { LIMITS } from '../limits.ts';
import { decode, type Encoding } from '../otlp/decode.ts';
import { readSpans } from '../otlp/read-spans.ts';
import type { TraceStore } from '../store/trace-store.ts';
import { RateLimit } from './rate-limit.ts';

export type Verdict =
  /** `refused` of the spans had no valid ids. */
  | { readonly kind: 'taken'; readonly refused: number }
  | { readonly kind: 'invalid'; readonly why: string }
  /** Come again later. */
  | { readonly kind: 'too-much'; readonly why: string };

export interface IntakeCounts {
  requests: number;
  spans: number;
  /** Spans without valid ids. */
  spansInvalid: number;
  requestsInvalid: number;
  /** Requests beyond what an address may send, or beyond what can be read at one time. */
  requestsTooMuch: number;
}

export class Intake {
  readonly counts: IntakeCounts = {
    requests: 0,
    spans: 0,
    spansInvalid: 0,
    requestsInvalid: 0,
    requestsTooMuch: 0,
  };
  readonly #store: TraceStore;
  readonly #clock: Clock;
  readonly #bytes = new RateLimit(rate(LIMITS.bytesPerSecond));
  readonly #spans = new RateLimit(rate(LIMITS.spansPerSecond));
  #pending = 0;

  constructor(store: TraceStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Sets bytes aside for a request that is being read; false when all are in use. `giveBack` what was reserved. */
  reserve(bytes: number): boolean {
    if (this.#pending + bytes > LIMITS.pendingBytes) return false;
    this.#pending += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#pending -= bytes;
  }

  /** A request that was not even read to its end. */
  turnAway(verdict: Exclude<Verdict, { kind: 'taken' }>): Verdict {
    this.counts.requests += 1;
    if (verdict.kind === 'invalid') this.counts.requestsInvalid += 1;
    else this.counts.requestsTooMuch += 1;
    return verdict;
  }

  accept(bytes: Uint8Array, encoding: Encoding, peer: string): Verdict {
    const nowMs = this.#clock.nowMs();
    if (!this.#bytes.take(peer, bytes.length, nowMs)) return this.turnAway(tooFast('bytes'));
    try {
      const { spans, refused } = readSpans(decode(bytes, encoding, DECODING));
      if (!this.#spans.take(peer, spans.length, nowMs)) return this.turnAway(tooFast('spans'));
      for (const span of spans) this.#store.add(span, peer);
      this.counts.requests += 1;
      this.counts.spans += spans.length;
      this.counts.spansInvalid += refused;
      return { kind: 'taken', refused };
    } catch (error) {
      if (!(error instanceof WeftError)) throw error;
      return this.turnAway({ kind: 'invalid', why: messageOf(error) });
    }
  }
}

const DECODING = { messages: LIMITS.messagesPerRequest, depth: LIMITS.depth };

const rate = (perSecond: number) => ({
  perSecond,
  burst: perSecond * LIMITS.burstSeconds,
  peers: LIMITS.peers,
});

const tooFast = (what: string): Extract<Verdict, { kind: 'too-much' }> => ({
  kind: 'too-much',
  why: `this address sends more ${what} than it may`,
});
