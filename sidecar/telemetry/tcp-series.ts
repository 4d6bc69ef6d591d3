import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import { type Labels, render } from './labels.ts';
import type { TcpMetric } from './standard.ts';
import { type TagGroup, visible } from './tag-plan.ts';
import type { TcpMeter } from './telemetry.ts';

/** The series of opaque connections of one (reporter, peer, service), as far as they are to be reported. */
export class TcpSeries implements TcpMeter {
  readonly metrics: ReadonlySet<TcpMetric>;
  readonly #labels: string;
  readonly #hidden: ReadonlySet<string>;
  readonly #closed = new Map<ResponseFlag, number>();
  openedCount = 0;
  sentBytes = 0;
  receivedBytes = 0;

  constructor(labels: Labels, { metrics, hidden }: TagGroup<TcpMetric>) {
    this.#labels = render(labels);
    this.metrics = metrics;
    this.#hidden = hidden;
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

  add(other: TcpSeries): void {
    this.openedCount += other.openedCount;
    this.sentBytes += other.sentBytes;
    this.receivedBytes += other.receivedBytes;
    for (const [flag, count] of other.#closed) this.#closed.set(flag, (this.#closed.get(flag) ?? 0) + count);
  }

  /** Labels of what is counted while a connection is open. */
  get labels(): string {
    return this.labelsFor('-');
  }

  labelsFor(flag: ResponseFlag): string {
    const said = render(visible({ response_flags: flag }, this.#hidden));
    return [this.#labels, said].filter((part) => part !== '').join(',');
  }

  /** Closed connections by flag. */
  get closedByFlag(): Iterable<[ResponseFlag, number]> {
    return this.#closed;
  }
}
