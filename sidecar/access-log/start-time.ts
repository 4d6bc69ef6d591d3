import type { Octets } from '#sidecar/telemetry/stream-record.ts';

const MS_AT = '2030-01-02T03:04:05.'.length;
const ZERO = 48;

/**
 * `2030-01-02T03:04:05.678Z`, what logs begin with. Making it of a Date costs more than the rest of a line, and most
 * lines of a busy sidecar share their second.
 */
export class Timestamps {
  readonly #octets = Buffer.from('2030-01-02T03:04:05.678Z');
  #second = Number.NaN;

  /** Valid until the next one. */
  find(wallMs: number, into: Octets): void {
    const octets = this.#octets;
    const second = Math.floor(wallMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      octets.write(new Date(second * 1000).toISOString(), 'latin1');
    }
    const ms = Math.floor(wallMs - second * 1000);
    octets[MS_AT] = ZERO + Math.floor(ms / 100);
    octets[MS_AT + 1] = ZERO + (Math.floor(ms / 10) % 10);
    octets[MS_AT + 2] = ZERO + (ms % 10);
    into.bytes = octets;
    into.start = 0;
    into.end = octets.length;
  }

  of(wallMs: number): string {
    this.find(wallMs, scratch);
    return this.#octets.toString('latin1');
  }
}

const scratch: Octets = { bytes: Buffer.alloc(0), start: 0, end: 0 };
