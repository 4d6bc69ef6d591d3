/** A value that can be read now and watched for replacements. Readers get whole pictures, never parts. */
export interface Watchable<T> {
  readonly value: T;
  /** Calls `listener` with the present value at once, then with each replacement. Returns the way to stop. */
  watch(listener: (value: T) => void): () => void;
}

export interface Settable<T> extends Watchable<T> {
  set(value: T): void;
}

export function createWatchable<T>(initial: T): Settable<T> {
  let current = initial;
  const listeners = new Set<(value: T) => void>();
  return {
    get value() {
      return current;
    },
    watch(listener) {
      listeners.add(listener);
      listener(current);
      return () => listeners.delete(listener);
    },
    set(value) {
      if (Object.is(value, current)) return;
      current = value;
      for (const listener of [...listeners]) listener(value);
    },
  };
}
