import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';

/** As Prometheus' client libraries for Node call them. */
const KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

/** What entries of collections have beside others. */
type Collection = PerformanceEntry & { readonly detail: { readonly kind: number } };

export interface Pauses {
  count: number;
  seconds: number;
}

/**
 * Pauses for garbage collection, by kind; watched from the first time on that somebody asks. No cost was measurable at two
 * thousand collections a second.
 */
export class GcPauses {
  readonly #byKind = new Map<string, Pauses>();
  #observer: PerformanceObserver | undefined;

  read(): ReadonlyMap<string, Readonly<Pauses>> {
    this.#observer ??= this.#watch();
    return this.#byKind;
  }

  close(): void {
    this.#observer?.disconnect();
  }

  #watch(): PerformanceObserver {
    const observer = new PerformanceObserver((list) => {
      for (const { detail, duration } of list.getEntries() as Collection[])
        this.#note(KINDS[detail.kind] ?? 'other', duration);
    });
    observer.observe({ entryTypes: ['gc'] });
    return observer;
  }

  #note(kind: string, ms: number): void {
    const pauses = this.#byKind.get(kind) ?? { count: 0, seconds: 0 };
    this.#byKind.set(kind, pauses);
    pauses.count += 1;
    pauses.seconds += ms / 1000;
  }
}
