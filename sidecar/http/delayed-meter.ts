import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type { RequestMeter } from '#sidecar/telemetry/telemetry.ts';

/** Counts a request that a rule held back: flag `DI`, unless something worse befell it. */
export class DelayedMeter implements RequestMeter {
  readonly #meter: RequestMeter;

  constructor(meter: RequestMeter) {
    this.#meter = meter;
  }

  observe(code: number, flag: ResponseFlag, durationMs: number, requestBytes: number, responseBytes: number) {
    this.#meter.observe(code, flag === '-' ? 'DI' : flag, durationMs, requestBytes, responseBytes);
  }
}
