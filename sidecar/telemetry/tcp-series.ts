import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import { render } from './labels.ts';
import type { TcpMeter } from './telemetry.ts';

/** The series of opaque connections of one (reporter, peer, service). */
export class TcpSeries implements TcpMeter {
  readonly #labels: string;
  readonly #closed = new Map<ResponseFlag, number>();
  openedCount = 0;
  sentBytes = 0;
  receivedBytes = 0;

  constructor(labels: string) {
    this.#labels = labels;
  }

  opened(): void {
    this.openedCount += 1;
  }

  closed(flag: ResponseFlag): void {
    this.#closed.set(flag, (this.#closed.get(flag) ?? 0) + 1);
  }

  sent(bytes: number): void {
    this.sentBytes += bytes;
  }

  received(bytes: number): void {
    this.receivedBytes += bytes;
  }

  /** Labels of what is counted while a connection is open. */
  get labels(): string {
    return this.labelsFor('-');
  }

  labelsFor(flag: ResponseFlag): string {
    return `${this.#labels},${render({ response_flags: flag })}`;
  }

  /** Closed connections by flag. */
  get closedByFlag(): Iterable<[ResponseFlag, number]> {
    return this.#closed;
  }
}
