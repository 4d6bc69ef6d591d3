/** Requests through one cluster, tried again as the policy says, each watched from its beginning to its one end. */
import type { Clock } from '#api/foundation/clock.ts';
import type { Random } from '#api/foundation/random.ts';
import type { RetryPolicy } from '#sidecar/routing/retry-policy.ts';
import type { Endpoint, Outcome } from '#sidecar/upstream/endpoint.ts';
import type { EndpointCluster } from '#sidecar/upstream/endpoint-cluster.ts';
import type { Invariants } from './invariants.ts';
import type { Server } from './server.ts';

export interface Ended {
  readonly startMs: number;
  readonly tookMs: number;
  readonly outcome: Outcome | 'unavailable';
  readonly retries: number;
}

export interface ClientOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly cluster: () => EndpointCluster;
  /** Who answers at an address; undefined: nobody does any more. */
  readonly serverAt: (key: string) => Server | undefined;
  readonly retry: RetryPolicy;
  readonly invariants: Invariants;
  readonly onEnd: (request: Ended) => void;
}

const ORIGINAL = { address: '10.96.0.1', port: 80 };

export class Client {
  started = 0;
  ended = 0;
  retries = 0;
  /** Tries under way, of all requests. */
  tries = 0;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Starts a request; `hash` is its key. */
  send(hash?: number): void {
    this.started += 1;
    const { clock, cluster } = this.#options;
    const { breakers } = cluster();
    const request: Request = { startMs: clock.nowMs(), hash, failed: [], retries: 0, over: false, breakers };
    if (breakers.requests.take()) this.#try(request);
    else this.#end(request, 'unavailable', false);
  }

  #try(request: Request): void {
    const { cluster: present, invariants, serverAt, random, clock } = this.#options;
    const cluster = present();
    const endpoint = cluster.pick({ excluded: request.failed, original: ORIGINAL, hash: request.hash });
    if (endpoint === undefined) {
      this.#end(request, 'unavailable', true);
      return;
    }
    invariants.picked(endpoint, cluster);
    const startMs = endpoint.begin();
    this.tries += 1;
    const answer = serverAt(endpoint.key)?.answer(random) ?? { tookMs: 0.2, outcome: 'connect-failure' };
    clock.after(answer.tookMs, () => {
      endpoint.end(startMs, answer.outcome);
      this.tries -= 1;
      invariants.ended(endpoint);
      this.#judge(request, endpoint, answer.outcome);
    });
  }

  #judge(request: Request, endpoint: Endpoint, outcome: Outcome): void {
    const { retry, clock, random, cluster, invariants } = this.#options;
    if (outcome === 'success' || request.retries >= retry.attempts || !request.breakers.takeRetry()) {
      this.#end(request, outcome, true);
      return;
    }
    if (request.retries > 0) request.breakers.retries.give();
    request.retries += 1;
    this.retries += 1;
    invariants.retried(cluster());
    if (retry.otherHosts) request.failed.push(endpoint);
    const { baseMs, maxMs } = retry.backoff;
    clock.after(random() * Math.min(maxMs, baseMs * 2 ** request.retries), () => this.#try(request));
  }

  #end(request: Request, outcome: Outcome | 'unavailable', counted: boolean): void {
    if (request.over) throw new Error('invariant broken: a request ended twice');
    request.over = true;
    this.ended += 1;
    if (request.retries > 0) request.breakers.retries.give();
    if (counted) request.breakers.requests.give();
    const { startMs, retries } = request;
    this.#options.onEnd({ startMs, tookMs: this.#options.clock.nowMs() - startMs, outcome, retries });
  }
}

interface Request {
  readonly startMs: number;
  readonly hash: number | undefined;
  readonly failed: Endpoint[];
  /** Those that count it; they outlive a change of the cluster. */
  readonly breakers: EndpointCluster['breakers'];
  retries: number;
  over: boolean;
}
