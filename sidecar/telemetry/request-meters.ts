import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type { OutcomeBudget } from './cardinality.ts';
import type { Labels } from './labels.ts';
import { type RequestOutcome, RequestSeries } from './request-series.ts';
import type { RequestMetric } from './standard.ts';
import type { RequestRecord } from './stream-record.ts';
import { type TagGroup, visible } from './tag-plan.ts';
import { ByTagValues, type CompiledTags } from './tag-values.ts';
import type { RequestMeter } from './telemetry.ts';

/** A meter whose series can be told. */
export interface ToldRequests extends RequestMeter {
  readonly outcomes: Iterable<RequestOutcome>;
}

export type CompiledGroup<Name extends string> = TagGroup<Name> & { readonly tags: CompiledTags };

/** The meter of one (reporter, peer, service), whose groups of metrics have series of their own. */
export function requestMeter(
  labels: Labels,
  groups: readonly CompiledGroup<RequestMetric>[],
  budget: OutcomeBudget,
): ToldRequests {
  const meters = groups.map((group) => meterOf(visible(labels, group.hidden), group, budget));
  const [only] = meters;
  return meters.length === 1 && only !== undefined ? only : new SeveralRequests(meters);
}

function meterOf(labels: Labels, group: CompiledGroup<RequestMetric>, budget: OutcomeBudget): ToldRequests {
  if (group.tags.length === 0) return new RequestSeries(labels, group, budget);
  return new TaggedRequests(
    new ByTagValues(group.tags, budget, (tags) => new RequestSeries({ ...labels, ...tags }, group, budget)),
  );
}

class TaggedRequests implements ToldRequests {
  readonly #series: ByTagValues<RequestSeries>;

  constructor(series: ByTagValues<RequestSeries>) {
    this.#series = series;
  }

  get outcomes(): RequestOutcome[] {
    return [...this.#series.all].flatMap(({ outcomes }) => [...outcomes]);
  }

  observe(
    code: number,
    flag: ResponseFlag,
    durationMs: number,
    requestBytes: number,
    responseBytes: number,
    record?: RequestRecord,
  ): void {
    this.#series.find(record).observe(code, flag, durationMs, requestBytes, responseBytes);
  }
}

/** None at all when every metric is dropped. */
class SeveralRequests implements ToldRequests {
  readonly #meters: readonly ToldRequests[];

  constructor(meters: readonly ToldRequests[]) {
    this.#meters = meters;
  }

  get outcomes(): RequestOutcome[] {
    return this.#meters.flatMap(({ outcomes }) => [...outcomes]);
  }

  observe(
    code: number,
    flag: ResponseFlag,
    durationMs: number,
    requestBytes: number,
    responseBytes: number,
    record?: RequestRecord,
  ): void {
    for (const meter of this.#meters)
      meter.observe(code, flag, durationMs, requestBytes, responseBytes, record);
  }
}
