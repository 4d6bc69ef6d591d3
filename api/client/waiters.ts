interface Waiter {
  readonly predicate: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Those who wait for something to become true, asked whenever it may have. */
export class Waiters {
  #waiting: Waiter[] = [];
  #closed: Error | undefined;

  until(predicate: () => boolean): Promise<void> {
    if (predicate()) return Promise.resolve();
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ predicate, resolve, reject });
    return promise;
  }

  ask(): void {
    this.#waiting = this.#waiting.filter((waiter) => {
      if (!waiter.predicate()) return true;
      waiter.resolve();
      return false;
    });
  }

  /** Rejects those who wait, and those who come later unless what they wait for is true. */
  close(reason: Error): void {
    this.#closed = reason;
    for (const waiter of this.#waiting.splice(0)) waiter.reject(reason);
  }
}
