/** The tries of one request: which endpoint is next, and what its balancer hears of each. */
import type { ForwardDecision } from '#sidecar/routing/route-table.ts';
import type { OriginalDestination } from '#sidecar/upstream/cluster.ts';
import type { Endpoint, Outcome } from '#sidecar/upstream/endpoint.ts';

const NONE: readonly Endpoint[] = [];
/** No try is under way. */
const NO_TRY = -1;

export class Tries {
  /** The endpoint of the present try, or of the last one. */
  endpoint: Endpoint | undefined;
  /** Tries so far. */
  count = 0;
  readonly #decision: ForwardDecision;
  readonly #original: OriginalDestination;
  #failed: Endpoint[] | undefined;
  #startMs: number = NO_TRY;

  constructor(decision: ForwardDecision, original: OriginalDestination) {
    this.#decision = decision;
    this.#original = original;
  }

  first(): Endpoint | undefined {
    return this.#pick(NONE);
  }

  /** An endpoint that was not tried yet, while the route allows another try. */
  another(): Endpoint | undefined {
    const failed = this.#failed ?? NONE;
    if (failed.length > this.#decision.retry.attempts) return undefined;
    const endpoint = this.#pick(failed);
    return endpoint === undefined || failed.includes(endpoint) ? undefined : endpoint;
  }

  #pick(excluded: readonly Endpoint[]): Endpoint | undefined {
    return this.#decision.cluster.pick({ excluded, original: this.#original, hash: undefined });
  }

  begin(endpoint: Endpoint): void {
    this.count += 1;
    this.endpoint = endpoint;
    this.#startMs = endpoint.begin();
  }

  /** The present try is over; nothing happens when none is under way. */
  end(outcome: Outcome): void {
    const startMs = this.#startMs;
    this.#startMs = NO_TRY;
    if (startMs !== NO_TRY) this.endpoint?.end(startMs, outcome);
  }

  /** The endpoint of the present try could not be connected to: it is not tried again. */
  unreachable(): void {
    this.end('connect-failure');
    this.#failed ??= [];
    if (this.endpoint !== undefined) this.#failed.push(this.endpoint);
  }

  /** The endpoint of the last try, or one in its place when it has left the cluster meanwhile. */
  same(): Endpoint | undefined {
    return this.endpoint?.removed === true ? (this.first() ?? this.endpoint) : this.endpoint;
  }

  /** Whether more than one endpoint was tried in vain. */
  get exhausted(): boolean {
    return this.#failed !== undefined && this.#failed.length > 1;
  }

  /** What the endpoint took was over `ms` ago: what happened since is not its latency. */
  discount(ms: number): void {
    this.#startMs += ms;
  }
}
