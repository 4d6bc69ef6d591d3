/**
 * Connects to an endpoint of a cluster, trying others when one cannot be reached: before anything was sent, nothing
 * can be lost by it.
 */
import type { Clock } from '#api/foundation/clock.ts';
import { codeOf } from '#api/foundation/errors.ts';
import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type { Cluster, OriginalDestination } from '#sidecar/upstream/cluster.ts';
import type { Endpoint, Outcome } from '#sidecar/upstream/endpoint.ts';
import { Deadline, type Deadlines } from './deadlines.ts';
import { dial } from './sockets.ts';
import type { Wire } from './wire.ts';

/** Endpoints tried for one opaque connection: as many as an HTTP request gets from Istio's default of two retries. */
export const MAX_CONNECT_TRIES = 3;

export interface AttemptSettings {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
}

/** A connection that stands. Its reader is the caller's to set. */
export interface Established {
  readonly wire: Wire;
  readonly endpoint: Endpoint;
  readonly cluster: Cluster;
  /** The connection is over; to be called once. The endpoint's latency is the time that the connect took. */
  release(outcome: Outcome): void;
}

export interface AttemptListener {
  onEstablished(connection: Established): void;
  onFailed(flag: ResponseFlag, reason: string, endpoint: Endpoint | undefined): void;
}

export class Attempt {
  readonly #cluster: Cluster;
  readonly #original: OriginalDestination;
  readonly #settings: AttemptSettings;
  readonly #listener: AttemptListener;
  readonly #tried: Endpoint[] = [];
  readonly #deadline: Deadline = new Deadline(() => this.#failed('timed out'));
  #wire: Wire | undefined;
  #endpoint: Endpoint | undefined;
  #startMs = 0;

  constructor(
    cluster: Cluster,
    original: OriginalDestination,
    settings: AttemptSettings,
    listener: AttemptListener,
  ) {
    this.#cluster = cluster;
    this.#original = original;
    this.#settings = settings;
    this.#listener = listener;
  }

  start(): void {
    const endpoint = this.#pick();
    if (endpoint === undefined) {
      const reason = `no endpoint of ${this.#cluster.service.host} is available`;
      this.#listener.onFailed('UH', reason, undefined);
    } else this.#try(endpoint);
  }

  /** Gives up; the listener hears no more. */
  cancel(): void {
    if (this.#wire === undefined) return;
    this.#abandon('cancelled');
  }

  #pick(): Endpoint | undefined {
    return this.#cluster.pick({ excluded: this.#tried, original: this.#original, hash: undefined });
  }

  #try(endpoint: Endpoint): void {
    this.#endpoint = endpoint;
    this.#startMs = endpoint.begin();
    this.#settings.deadlines.set(this.#deadline, this.#cluster.connectTimeoutMs);
    const reader = {
      onBytes() {},
      onEnd() {},
      onDrain() {},
      onClose: (error: Error | undefined) => this.#failed(codeOf(error) ?? 'closed'),
    };
    this.#wire = dial(endpoint, reader, () => this.#established());
  }

  #established(): void {
    const wire = this.#wire;
    const endpoint = this.#endpoint;
    if (wire === undefined || endpoint === undefined) return;
    this.#wire = undefined;
    this.#settings.deadlines.clear(this.#deadline);
    const { clock } = this.#settings;
    const establishedMs = clock.nowMs();
    const startMs = this.#startMs;
    this.#listener.onEstablished({
      wire,
      endpoint,
      cluster: this.#cluster,
      release: (outcome) => {
        endpoint.end(startMs + clock.nowMs() - establishedMs, outcome);
      },
    });
  }

  #failed(cause: string): void {
    const endpoint = this.#endpoint;
    if (this.#wire === undefined || endpoint === undefined) return;
    this.#abandon('connect-failure');
    this.#tried.push(endpoint);
    if (this.#tried.length < MAX_CONNECT_TRIES) {
      const other = this.#pick();
      if (other !== undefined && !this.#tried.includes(other)) {
        this.#try(other);
        return;
      }
    }
    const flag = this.#tried.length > 1 ? 'URX' : 'UF';
    const reason = `cannot connect to ${endpoint.key} of ${this.#cluster.service.host}: ${cause}`;
    this.#listener.onFailed(flag, reason, endpoint);
  }

  #abandon(outcome: Outcome): void {
    const wire = this.#wire;
    this.#wire = undefined;
    this.#settings.deadlines.clear(this.#deadline);
    wire?.destroy();
    this.#endpoint?.end(this.#startMs, outcome);
  }
}
