/**
 * What was counted in ways that no listener has any more. It stays on the page: a series that is still counted on in another
 * way, with the same labels, would fall without it, and Prometheus takes a counter that falls for one that began anew.
 */
import { type Folded, MAX_LEFT_OVER } from './cardinality.ts';
import type { RequestOutcome } from './request-series.ts';
import type { TcpSeries } from './tcp-series.ts';

export interface Counts {
  readonly outcomes: Iterable<RequestOutcome>;
  readonly connections: Iterable<TcpSeries>;
}

export class LeftOver implements Counts {
  readonly #folded: Folded;
  readonly #outcomes = new Map<string, RequestOutcome>();
  readonly #connections = new Map<string, TcpSeries>();

  constructor(folded: Folded) {
    this.#folded = folded;
  }

  get outcomes(): Iterable<RequestOutcome> {
    return this.#outcomes.values();
  }

  get connections(): Iterable<TcpSeries> {
    return this.#connections.values();
  }

  /** The very series are kept: a connection that has lasted since counts on in them. */
  add({ outcomes, connections }: Counts): void {
    const isWhole = [addAll(this.#outcomes, outcomes), addAll(this.#connections, connections)];
    if (isWhole.includes(false)) this.#folded.spec += 1;
  }
}

interface Summed<Series> {
  readonly labels: string;
  readonly metrics: ReadonlySet<string>;
  add(other: Series): void;
}

/** False when there was no room for all. */
function addAll<Series extends Summed<Series>>(into: Map<string, Series>, series: Iterable<Series>): boolean {
  let isWhole = true;
  for (const each of series) {
    const key = `${[...each.metrics].join()} ${each.labels}`;
    const known = into.get(key);
    if (known !== undefined) known.add(each);
    else if (into.size < MAX_LEFT_OVER) into.set(key, each);
    else isWhole = false;
  }
  return isWhole;
}
