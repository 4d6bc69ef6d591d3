/**
 * Connects to an endpoint of a cluster, trying others when one cannot be reached: before anything was sent, nothing
 * can be lost by it.
 */
import type { Clock } from '#api/foundation/clock.ts';
import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type { Cluster, OriginalDestination } from '#sidecar/upstream/cluster.ts';
import type { Endpoint, Outcome } from '#sidecar/upstream/endpoint.ts';
import { connectFailure } from './connect-failure.ts';
import { Deadline, type Deadlines } from './deadlines.ts';
import { DEFAULT_OPAQUE_POLICY, type OpaquePolicy } from './opaque-policy.ts';
import { dial } from './sockets.ts';
import type { Wire } from './wire.ts';

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
  readonly #maxTries: number;
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
    policy: OpaquePolicy = DEFAULT_OPAQUE_POLICY,
  ) {
    this.#cluster = cluster;
    this.#original = original;
    this.#settings = settings;
    this.#listener = listener;
    this.#maxTries = policy.connectAttempts;
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
    if (!this.#cluster.breakers.connections.take()) {
      const reason = `the circuit breaker of ${this.#cluster.service.host} is open: too many connections`;
      this.#listener.onFailed('UO', reason, endpoint);
      return;
    }
    this.#startMs = endpoint.begin();
    this.#settings.deadlines.set(this.#deadline, this.#cluster.connectTimeoutMs);
    const reader = {
      onBytes() {},
      onEnd() {},
      onDrain() {},
      onClose: (error: Error | undefined) => this.#failed(connectFailure(error)),
    };
    this.#wire = dial(endpoint, reader, () => this.#established(), this.#cluster.connections);
  }

  #established(): void {
    const wire = this.#wire;
    const endpoint = this.#endpoint;
    if (wire === undefined || endpoint === undefined) return;
    this.#wire = undefined;
    this.#settings.deadlines.clear(this.#deadline);
    const { clock } = this.#settings;
    const { breakers } = this.#cluster;
    const establishedMs = clock.nowMs();
    const startMs = this.#startMs;
    this.#listener.onEstablished({
      wire,
      endpoint,
      cluster: this.#cluster,
      release: (outcome) => {
        endpoint.end(startMs + clock.nowMs() - establishedMs, outcome);
        breakers.giveConnection();
      },
    });
  }

  #failed(cause: string): void {
    const endpoint = this.#endpoint;
    if (this.#wire === undefined || endpoint === undefined) return;
    this.#abandon('connect-failure');
    this.#tried.push(endpoint);
    if (this.#tried.length < this.#maxTries) {
      const other = this.#pick();
      if (other !== undefined && !this.#tried.includes(other)) {
        this.#try(other);
        return;
      }
    }
    const flag = this.#tried.length > 1 ? 'UF,URX' : 'UF';
    const reason = `cannot connect to ${endpoint.key} of ${this.#cluster.service.host}: ${cause}`;
    this.#listener.onFailed(flag, reason, endpoint);
  }

  #abandon(outcome: Outcome): void {
    const wire = this.#wire;
    this.#wire = undefined;
    this.#settings.deadlines.clear(this.#deadline);
    wire?.destroy();
    this.#endpoint?.end(this.#startMs, outcome);
    this.#cluster.breakers.giveConnection();
  }
}
