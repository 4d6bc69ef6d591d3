import type { Clock } from '#api/foundation/clock.ts';
import type { PodEvent } from './decision.ts';
import type { PodRecord } from './pod-record.ts';

/** A probe that fails every second should not write to the API every second: once in a while says as much. */
const SAME_AGAIN_MS = 10_000;
/** Different events remembered; the oldest is forgotten first. */
const MEMORY = 1_000;

/** Passes events on, but not the same one again and again. */
export class EventSink {
  readonly #record: (pod: PodRecord, event: PodEvent) => void;
  readonly #clock: Clock;
  readonly #told = new Map<string, number>();

  constructor(record: (pod: PodRecord, event: PodEvent) => void, clock: Clock) {
    this.#record = record;
    this.#clock = clock;
  }

  tell(pod: PodRecord, event: PodEvent): void {
    const key = `${pod.pod.metadata.uid} ${event.reason} ${event.container} ${event.message}`;
    const now = this.#clock.nowMs();
    const last = this.#told.get(key);
    if (last !== undefined && now - last < SAME_AGAIN_MS) return;
    this.#told.delete(key);
    this.#told.set(key, now);
    if (this.#told.size > MEMORY) this.#told.delete(this.#told.keys().next().value ?? '');
    this.#record(pod, event);
  }
}
