import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import { Histogram } from './histogram.ts';
import { render } from './labels.ts';
import type { RequestMeter } from './telemetry.ts';

/** An upstream may answer with any status; beyond this many (code, flag) pairs they share one series. */
const MAX_OUTCOMES = 64;

/** How many outcomes all series together may still tell apart: a scrape writes 70 lines for each. */
export interface OutcomeBudget {
  left: number;
}

/** The code of that shared series, and of exchanges that ended without one. */
const NO_CODE = 0;

/** One series: what requests of one outcome add up to. */
export class RequestOutcome {
  readonly labels: string;
  count = 0;
  readonly durationMs = new Histogram();
  readonly requestBytes = new Histogram();
  readonly responseBytes = new Histogram();

  constructor(labels: string) {
    this.labels = labels;
  }
}

/** All series of one (reporter, peer, service): one for each response code and flag that occurred. */
export class RequestSeries implements RequestMeter {
  readonly #labels: string;
  readonly #budget: OutcomeBudget;
  readonly #outcomes = new Map<ResponseFlag, Map<number, RequestOutcome>>();
  #size = 0;
  #latest: RequestOutcome | undefined;
  #latestCode = 0;
  #latestFlag: ResponseFlag = '-';

  constructor(labels: string, budget: OutcomeBudget) {
    this.#labels = labels;
    this.#budget = budget;
  }

  get outcomes(): RequestOutcome[] {
    return [...this.#outcomes.values()].flatMap((byCode) => [...byCode.values()]);
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
    return this.#outcomes.get(flag)?.get(code);
  }

  #add(code: number, flag: ResponseFlag): RequestOutcome {
    const isFull = this.#size >= MAX_OUTCOMES || this.#budget.left <= 0;
    if (isFull && code !== NO_CODE) {
      return this.#known(NO_CODE, flag) ?? this.#add(NO_CODE, flag);
    }
    const said = render({ response_code: String(code), grpc_response_status: '', response_flags: flag });
    const outcome = new RequestOutcome(`${this.#labels},${said}`);
    const byCode = this.#outcomes.get(flag) ?? new Map();
    this.#outcomes.set(flag, byCode.set(code, outcome));
    this.#size += 1;
    this.#budget.left -= 1;
    return outcome;
  }
}
