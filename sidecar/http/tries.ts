/**
 * The tries of one request: which endpoint is next, whether there is another try after a failure, and what the balancer
 * and the breakers hear of each.
 */
import type { Random } from '#api/foundation/random.ts';
import { backoffMs } from '#sidecar/routing/retry-backoff.ts';
import type { ForwardDecision } from '#sidecar/routing/route-table.ts';
import type { RequestTrace } from '#sidecar/tracing/request-tracing.ts';
import type { OriginalDestination } from '#sidecar/upstream/cluster.ts';
import type { Endpoint, Outcome } from '#sidecar/upstream/endpoint.ts';
import type { Ending } from './ending.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/**
 * What follows a failed try: `again` after the back-off, `final` since the policy is not for it, `exhausted` since the policy
 * allows no more, `refused` by the breaker of retries.
 */
export type Verdict = 'again' | 'final' | 'exhausted' | 'refused';

const NONE: readonly Endpoint[] = [];
/** No try is under way. */
const NO_TRY = -1;

/** Filled anew for each pick, which keeps nothing of it. */
const context: { excluded: readonly Endpoint[]; original: OriginalDestination; hash: number | undefined } = {
  excluded: NONE,
  original: { address: '', port: 0 },
  hash: undefined,
};

export class Tries {
  /** The endpoint of the present try, or of the last one. */
  endpoint: Endpoint | undefined;
  /** Tries so far. */
  count = 0;
  /** How long to wait before the next try, milliseconds; set by the verdict `again`. */
  waitMs = 0;
  /** The last connection that the request was sent on, and when. */
  connection: UpstreamConnection | undefined;
  sentMs: number = NO_TRY;
  readonly #decision: ForwardDecision;
  readonly #original: OriginalDestination;
  readonly #hash: number | undefined;
  readonly #trace: RequestTrace | undefined;
  #retries = 0;
  #failed: Endpoint[] | undefined;
  #holdsRetry = false;
  /** It is counted among the requests under way. */
  #admitted = false;
  #startMs: number = NO_TRY;

  constructor(
    decision: ForwardDecision,
    original: OriginalDestination,
    hash: number | undefined,
    trace: RequestTrace | undefined,
  ) {
    this.#decision = decision;
    this.#original = original;
    this.#hash = hash;
    this.#trace = trace;
  }

  /** Counts the request among those under way, until `close`. False: the breaker has no room for it. */
  admit(): boolean {
    this.#admitted = this.#decision.cluster.breakers.requests.take();
    return this.#admitted;
  }

  /** The endpoint for the next try, one that was not tried yet if there is any and the policy asks for it. */
  next(): Endpoint | undefined {
    return this.#pick(this.#decision.retry.otherHosts ? (this.#failed ?? NONE) : NONE);
  }

  /** As `next`, if that is an endpoint that was not tried yet. */
  untried(): Endpoint | undefined {
    const endpoint = this.next();
    return endpoint === undefined || this.#failed?.includes(endpoint) === true ? undefined : endpoint;
  }

  /**
   * For a request whose kept connection turned out to be closed: another endpoint, since this one may have died with its
   * connections; by hash, or when there is no other, the same, since idle connections are closed by healthy ones too.
   */
  afterClosing(): Endpoint | undefined {
    const before = this.endpoint;
    if (before === undefined || before.removed === true) return this.next();
    if (this.#hash !== undefined) return before;
    return this.#pick([before]) ?? before;
  }

  begin(endpoint: Endpoint, nowMs: number): void {
    this.count += 1;
    this.endpoint = endpoint;
    this.#startMs = endpoint.begin(nowMs);
    this.#trace?.tryBegan(endpoint, nowMs);
  }

  /** The request is sent on `connection`. */
  sent(connection: UpstreamConnection, nowMs: number): void {
    this.connection = connection;
    this.sentMs = nowMs;
  }

  /** The present try is over, with a response's `status` or with none (0); nothing happens when none is under way. */
  end(outcome: Outcome, nowMs: number, status: number, ending: Ending): void {
    const startMs = this.#startMs;
    const { endpoint } = this;
    if (startMs === NO_TRY || endpoint === undefined) return;
    this.#startMs = NO_TRY;
    const trace = this.#trace;
    if (trace === undefined) {
      endpoint.end(startMs, outcome, nowMs);
      return;
    }
    const before = endpoint.ejections ?? 0;
    endpoint.end(startMs, outcome, nowMs);
    trace.tryEnded(nowMs, status, ending.flag, ending.reason);
    if ((endpoint.ejections ?? 0) > before) trace.event('ejected', nowMs, { endpoint: endpoint.key });
  }

  /** The present try failed. */
  failed(outcome: Outcome, nowMs: number, status: number, ending: Ending): void {
    this.end(outcome, nowMs, status, ending);
    if (this.endpoint === undefined) return;
    this.#failed ??= [];
    this.#failed.push(this.endpoint);
  }

  /**
   * Whether there is another try. `covered`: the policy is for failures like the last one, and the request can be sent
   * again. `unseen`: no endpoint has seen anything of it. No try begins `leftMs` from now or later.
   */
  verdict(covered: boolean, unseen: boolean, leftMs: number, random: Random): Verdict {
    this.#giveRetry();
    const { retry, cluster } = this.#decision;
    if (!covered || retry.attempts === 0) return 'final';
    if (this.#retries >= retry.attempts) return 'exhausted';
    const waitMs = backoffMs(retry.backoff, this.#retries + 1, random);
    if (waitMs >= leftMs) return 'final';
    const { breakers } = cluster;
    this.#holdsRetry = unseen ? breakers.takeUnseenRetry() : breakers.takeRetry();
    if (!this.#holdsRetry) return 'refused';
    this.#retries += 1;
    this.waitMs = waitMs;
    return 'again';
  }

  /** The request is over. */
  close(outcome: Outcome, nowMs: number, status: number, ending: Ending): void {
    this.end(outcome, nowMs, status, ending);
    if (this.#admitted) this.#decision.cluster.breakers.requests.give();
    this.#admitted = false;
    this.#giveRetry();
  }

  /** What the endpoint took was over `ms` ago: what happened since is not its latency. */
  discount(ms: number): void {
    this.#startMs += ms;
  }

  /** A retry counts as under way until its own end. */
  #giveRetry(): void {
    if (this.#holdsRetry) this.#decision.cluster.breakers.retries.give();
    this.#holdsRetry = false;
  }

  #pick(excluded: readonly Endpoint[]): Endpoint | undefined {
    context.excluded = excluded;
    context.original = this.#original;
    context.hash = this.#hash;
    return this.#decision.cluster.pick(context);
  }
}
