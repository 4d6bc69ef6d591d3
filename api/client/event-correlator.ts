/**
 * Keeps what is told of one object within bounds, as client-go's EventCorrelator does (tools/record/events_cache.go):
 *
 *   aggregate  the tenth different message of one reason within ten minutes, and those after it, are one event,
 *              "(combined from similar events): " and the latest message
 *   count      the same event again raises its count
 *   filter     one source may tell 25 things of one object at once, and one every 5 minutes after that; half of that on
 *              the word of one witness
 *
 * What the filter holds back, and what could not be written, is counted, and told with the next that passes. Pure: the time is an argument.
 */
export interface Correlated {
  /** Holds of the event as it is written: the same is the same event. */
  readonly identity: readonly (string | undefined)[];
  readonly message: string;
  /** How often it happened since it was written last. */
  readonly times: number;
}

/** What the correlator goes by. */
export interface Told {
  /** Who says it, and of what. */
  readonly source: readonly (string | undefined)[];
  /** On whose word; nobody's words may take up all that may be told of an object. */
  readonly witness?: string | undefined;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** Messages of a group that stand alone. */
const MAX_ALONE = 9;
const SIMILAR_MS = 600_000;
const BURST = 25;
const REFILL_MS = 300_000;
const WITNESS_BURST = 12;
const WITNESS_REFILL_MS = 600_000;
/** Of each kind of memory; what was not used for the longest is forgotten first. */
const MEMORY = 4_096;

interface Similar {
  readonly messages: Set<string>;
  lastMs: number;
}

interface Bucket {
  tokens: number;
  filledMs: number;
}

export class EventCorrelator {
  readonly #similar = new Recent<Similar>(MEMORY);
  readonly #buckets = new Recent<Bucket>(MEMORY);
  /** What happened and was not written, by event. */
  readonly #heldBack = new Recent<number>(MEMORY);

  /** Undefined when it is not to be written now. */
  correlate({ source, witness, type, reason, message }: Told, nowMs: number): Correlated | undefined {
    const group = [...source, type, reason];
    const combined = this.#isOneOfMany(keyOf(group), message, nowMs);
    const identity = combined ? [...group, 'combined'] : [...group, message];
    const key = keyOf(identity);
    const times = (this.#heldBack.get(key) ?? 0) + 1;
    if (!this.#passes(source, witness, nowMs)) {
      this.#heldBack.set(key, times);
      return undefined;
    }
    this.#heldBack.delete(key);
    return { identity, message: combined ? `(combined from similar events): ${message}` : message, times };
  }

  /** What passed could not be written after all. `isTriedAgain`: whoever told it will tell it again. */
  unwritten({ source, witness }: Told, { identity, times }: Correlated, isTriedAgain: boolean): void {
    this.#giveBack(keyOf(source), BURST);
    if (witness !== undefined) this.#giveBack(keyOf([...source, witness]), WITNESS_BURST);
    const key = keyOf(identity);
    const held = (this.#heldBack.get(key) ?? 0) + (isTriedAgain ? times - 1 : times);
    if (held > 0) this.#heldBack.set(key, held);
  }

  #isOneOfMany(group: string, message: string, nowMs: number): boolean {
    const known = this.#similar.get(group);
    const similar =
      known === undefined || nowMs - known.lastMs > SIMILAR_MS
        ? { messages: new Set<string>(), lastMs: nowMs }
        : known;
    similar.lastMs = nowMs;
    this.#similar.set(group, similar);
    if (similar.messages.has(message)) return false;
    if (similar.messages.size >= MAX_ALONE) return true;
    similar.messages.add(message);
    return false;
  }

  #passes(source: Told['source'], witness: string | undefined, nowMs: number): boolean {
    const whole = this.#filled(keyOf(source), BURST, REFILL_MS, nowMs);
    const own =
      witness === undefined
        ? undefined
        : this.#filled(keyOf([...source, witness]), WITNESS_BURST, WITNESS_REFILL_MS, nowMs);
    if (whole.tokens < 1 || (own !== undefined && own.tokens < 1)) return false;
    whole.tokens -= 1;
    if (own !== undefined) own.tokens -= 1;
    return true;
  }

  #filled(key: string, burst: number, refillMs: number, nowMs: number): Bucket {
    const bucket = this.#buckets.get(key) ?? { tokens: burst, filledMs: nowMs };
    const elapsedMs = Math.max(0, nowMs - bucket.filledMs);
    bucket.tokens = Math.min(burst, bucket.tokens + elapsedMs / refillMs);
    bucket.filledMs = Math.max(nowMs, bucket.filledMs);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #giveBack(key: string, burst: number): void {
    const bucket = this.#buckets.get(key);
    if (bucket !== undefined) bucket.tokens = Math.min(burst, bucket.tokens + 1);
  }
}

function keyOf(parts: readonly (string | undefined)[]): string {
  return JSON.stringify(parts);
}

/** A map that forgets what was not set for the longest. */
class Recent<T> {
  readonly #entries = new Map<string, T>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): T | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.#limit) this.#entries.delete(this.#entries.keys().next().value ?? '');
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
