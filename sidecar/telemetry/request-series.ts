import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import { MAX_OUTCOMES_EACH, type OutcomeBudget } from './cardinality.ts';
import { Histogram } from './histogram.ts';
import { type Labels, render } from './labels.ts';
import type { RequestMetric } from './standard.ts';
import { type TagGroup, visible } from './tag-plan.ts';
import type { RequestMeter } from './telemetry.ts';

/** The code of the series that stands for all codes there is no room for, and of exchanges that ended without one. */
const NO_CODE = 0;

/** One series: what requests of one outcome add up to. All of it is counted, and told are the metrics that are named. */
export class RequestOutcome {
  readonly labels: string;
  readonly metrics: ReadonlySet<RequestMetric>;
  count = 0;
  readonly durationMs = new Histogram();
  readonly requestBytes = new Histogram();
  readonly responseBytes = new Histogram();

  constructor(labels: string, metrics: ReadonlySet<RequestMetric>) {
    this.labels = labels;
    this.metrics = metrics;
  }

  add(other: RequestOutcome): void {
    this.count += other.count;
    this.durationMs.add(other.durationMs);
    this.requestBytes.add(other.requestBytes);
    this.responseBytes.add(other.responseBytes);
  }
}

/** All series of one (reporter, peer, service): one for each response code and flag that occurred. */
export class RequestSeries implements RequestMeter {
  readonly #labels: string;
  readonly #group: TagGroup<RequestMetric>;
  readonly #budget: OutcomeBudget;
  readonly #byFlag = new Map<ResponseFlag, Map<number, RequestOutcome>>();
  readonly #byText = new Map<string, RequestOutcome>();
  #latest: RequestOutcome | undefined;
  #latestCode = 0;
  #latestFlag: ResponseFlag = '-';

  constructor(labels: Labels, group: TagGroup<RequestMetric>, budget: OutcomeBudget) {
    this.#labels = render(labels);
    this.#group = group;
    this.#budget = budget;
  }

  get outcomes(): Iterable<RequestOutcome> {
    return this.#byText.values();
  }

  observe(
    code: number,
    flag: ResponseFlag,
    durationMs: number,
    requestBytes: number,
    responseBytes: number,
  ): void {
    const outcome = this.#find(code, flag);
    outcome.count += 1;
    outcome.durationMs.observe(durationMs);
    outcome.requestBytes.observe(requestBytes);
    outcome.responseBytes.observe(responseBytes);
  }

  /** Most requests end as the one before. */
  #find(code: number, flag: ResponseFlag): RequestOutcome {
    const latest = this.#latest;
    if (latest !== undefined && code === this.#latestCode && flag === this.#latestFlag) return latest;
    const outcome = this.#known(code, flag) ?? this.#add(code, flag);
    this.#latest = outcome;
    this.#latestCode = code;
    this.#latestFlag = flag;
    return outcome;
  }

  #known(code: number, flag: ResponseFlag): RequestOutcome | undefined {
    return this.#byFlag.get(flag)?.get(code);
  }

  /** The code goes first when there is no room, the flag last: it says more. */
  #add(code: number, flag: ResponseFlag): RequestOutcome {
    const labels = this.#labelsOf(code, flag);
    let outcome = this.#byText.get(labels);
    if (outcome === undefined) {
      if (code !== NO_CODE && this.#isFull) return this.#fold(flag);
      if (flag !== '-' && this.#budget.isOverdrawn) return this.#fold('-');
      outcome = new RequestOutcome(labels, this.#group.metrics);
      this.#byText.set(labels, outcome);
      this.#budget.take();
    }
    const byCode = this.#byFlag.get(flag) ?? new Map<number, RequestOutcome>();
    this.#byFlag.set(flag, byCode.set(code, outcome));
    return outcome;
  }

  get #isFull(): boolean {
    return this.#byText.size >= MAX_OUTCOMES_EACH || this.#budget.isSpent;
  }

  #fold(flag: ResponseFlag): RequestOutcome {
    this.#budget.folded.outcome += 1;
    return this.#known(NO_CODE, flag) ?? this.#add(NO_CODE, flag);
  }

  #labelsOf(code: number, flag: ResponseFlag): string {
    const said = { response_code: String(code), grpc_response_status: '', response_flags: flag };
    return [this.#labels, render(visible(said, this.#group.hidden))].filter((part) => part !== '').join(',');
  }
}
