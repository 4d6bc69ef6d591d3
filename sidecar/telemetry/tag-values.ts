import type { Expression } from '#api/expressions/expression.ts';
import { attributesOf } from './attributes.ts';
import { MAX_VALUE_LENGTH, MAX_VALUES_EACH, OTHER, type OutcomeBudget } from './cardinality.ts';
import { type Labels, UNKNOWN } from './labels.ts';
import type { ConnectionRecord, RequestRecord } from './stream-record.ts';

/** Tags whose values expressions say, in order. */
export type CompiledTags = readonly (readonly [name: string, expression: Expression])[];

/** Series of one (reporter, peer, service) and group of metrics, by the values of its added tags. */
export class ByTagValues<Series> {
  readonly #tags: CompiledTags;
  readonly #budget: OutcomeBudget;
  readonly #create: (labels: Labels) => Series;
  readonly #byValues = new Map<string, Series>();
  #others: Series | undefined;
  #latestKey: string | undefined;
  #latest: Series | undefined;

  constructor(tags: CompiledTags, budget: OutcomeBudget, create: (labels: Labels) => Series) {
    this.#tags = tags;
    this.#budget = budget;
    this.#create = create;
  }

  get all(): Iterable<Series> {
    return this.#others === undefined ? this.#byValues.values() : [...this.#byValues.values(), this.#others];
  }

  /** Without a record nothing is known of it. */
  find(record: RequestRecord | ConnectionRecord | undefined): Series {
    const values = this.#valuesOf(record);
    const key = values.join('\0');
    if (this.#latest !== undefined && this.#latestKey === key) return this.#latest;
    const series = this.#byValues.get(key) ?? this.#add(key, values);
    this.#latestKey = key;
    this.#latest = series;
    return series;
  }

  #valuesOf(record: RequestRecord | ConnectionRecord | undefined): string[] {
    if (record === undefined) return this.#tags.map(() => UNKNOWN);
    const lookup = attributesOf(record);
    return this.#tags.map(([, expression]) => asTag(expression(lookup)));
  }

  #add(key: string, values: readonly string[]): Series {
    if (this.#byValues.size >= MAX_VALUES_EACH || this.#budget.isSpent) {
      this.#budget.folded.value += 1;
      this.#others ??= this.#create(Object.fromEntries(this.#tags.map(([name]) => [name, OTHER])));
      return this.#others;
    }
    const series = this.#create(
      Object.fromEntries(this.#tags.map(([name], i) => [name, values[i] ?? UNKNOWN])),
    );
    this.#byValues.set(key, series);
    return series;
  }
}

/** As Envoy prints values of expressions; what has none, or is no scalar, is unknown. */
function asTag(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.slice(0, MAX_VALUE_LENGTH);
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
  }
  return UNKNOWN;
}
