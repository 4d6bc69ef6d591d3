import type { TrackedEndpoint } from '../tracked-endpoint.ts';
import { type SlowStart, warmth } from './slow-start.ts';

/** The weights of a set of endpoints as they are at a time: what was told, and less while an endpoint warms up. */
export class Weights {
  readonly #endpoints: readonly TrackedEndpoint[];
  readonly #slowStart: SlowStart | undefined;
  /** All of one weight, at any time: there is nothing to weigh, and no need to look at the clock. */
  readonly plain: boolean;
  readonly #alike: boolean;
  readonly #warmAtMs: number;

  constructor(endpoints: readonly TrackedEndpoint[], slowStart: SlowStart | undefined) {
    this.#endpoints = endpoints;
    this.#slowStart = slowStart;
    this.#alike = endpoints.every(({ weight }) => weight === endpoints[0]?.weight);
    this.plain = this.#alike && slowStart === undefined;
    const latest = endpoints.reduce((most, { sinceMs }) => Math.max(most, sinceMs), 0);
    this.#warmAtMs = slowStart === undefined ? Number.NEGATIVE_INFINITY : latest + slowStart.windowMs;
  }

  /** Whether all endpoints are of one weight: then there is nothing to weigh. */
  even(nowMs: number): boolean {
    return this.#alike && nowMs >= this.#warmAtMs;
  }

  /** Whether weights still move with time. */
  warming(nowMs: number): boolean {
    return nowMs < this.#warmAtMs;
  }

  /** Above 0. */
  of(index: number, nowMs: number): number {
    const { weight, sinceMs } = this.#endpoints[index]!;
    return this.#slowStart === undefined ? weight : weight * warmth(this.#slowStart, nowMs - sinceMs);
  }
}
