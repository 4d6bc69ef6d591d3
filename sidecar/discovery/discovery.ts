import { createBackoff } from '#api/foundation/backoff.ts';
import type { Clock, Timer } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { Random } from '#api/foundation/random.ts';
import { createWatchable, type Watchable } from '#api/foundation/watchable.ts';
import type { Node } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import type { DeltaDiscoveryResponse } from '#api/xds/gen/envoy/service/discovery/v3/discovery_pb.js';
import {
  ENDPOINT_TYPE,
  RESOURCE_TYPES,
  type ResourceType,
  ROUTE_TYPE,
  SHORT_NAMES,
} from '#api/xds/resource-types.ts';
import { readDataFile } from '#sidecar/security/read-file.ts';
import { Configuration } from './configuration.ts';
import { DeltaStream } from './delta-stream.ts';
import { createSystemResolver } from './dns/system-resolver.ts';
import type { ClusterWitness } from './live-clusters.ts';
import type { Resource } from './resource.ts';
import type { Snapshot } from './snapshot.ts';
import type { DiscoveryCall, DiscoveryTransport } from './transport.ts';
import { UpdateLog } from './update-log.ts';

/** Between streams: quick at first, since a restarted control plane is soon back; apart, since all sidecars lost it. */
const RECONNECT = { initialMs: 100, maxMs: 5_000, factor: 2, jitter: 0.5 };

/** Envoy's initial_fetch_timeout: after it a resource that is named but never came counts as absent. */
const FETCH_TIMEOUT_MS = 15_000;

const MAX_LOGGED = 2_000;

export interface Discovery {
  /** What the sidecar runs. Stays as it is while the control plane is away. */
  readonly snapshot: Watchable<Snapshot>;
  /** True once the first complete configuration is in place; never false again. */
  readonly ready: Watchable<boolean>;
  readonly connected: Watchable<boolean>;
  /** For the admin pages. */
  readonly configuration: Configuration;
  readonly updates: UpdateLog;
  close(): void;
}

/** Keeps the sidecar's configuration in step with the control plane. */
export function startDiscovery(options: {
  transport: DiscoveryTransport;
  node: Node;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Whom to ask for the names of clusters (`ADDRESS:PORT`). */
  nameServer?: string | undefined;
  /** Told what becomes of clusters. */
  witness?: ClusterWitness | undefined;
}): Discovery {
  const session = new Session(options);
  session.connect();
  return session;
}

class Session implements Discovery {
  readonly configuration: Configuration;
  readonly updates = new UpdateLog();
  readonly snapshot;
  readonly ready = createWatchable(false);
  readonly connected = createWatchable(false);
  readonly #transport: DiscoveryTransport;
  readonly #node: Node;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #backoff;
  #call: DiscoveryCall | undefined;
  #stream: DeltaStream | undefined;
  #retry: Timer | undefined;
  #patience: Timer | undefined;

  constructor(options: Parameters<typeof startDiscovery>[0]) {
    this.configuration = new Configuration(options.clock, options.random, {
      readFile: readDataFile,
      resolver: createSystemResolver(options.nameServer),
      witness: options.witness,
      changed: () => {
        this.#subscribe();
        this.#publish();
      },
    });
    this.snapshot = createWatchable<Snapshot>(this.configuration.snapshot);
    this.#transport = options.transport;
    this.#node = options.node;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#backoff = createBackoff(RECONNECT, options.random);
  }

  connect(): void {
    this.#stream = new DeltaStream(this.#node, (type) => this.#versions(type));
    this.#call = this.#transport.open({
      response: (response) => this.#receive(response),
      ended: (reason) => this.#lost(reason),
    });
    for (const request of this.#stream.open()) this.#call.send(request);
    this.#subscribe();
  }

  close(): void {
    this.#retry?.cancel();
    this.#patience?.cancel();
    this.#call?.cancel();
    this.#transport.close();
    this.configuration.clusters.close();
  }

  #receive(response: DeltaDiscoveryResponse): void {
    this.#backoff.reset();
    this.connected.set(true);
    const type = RESOURCE_TYPES.find((known) => known === response.typeUrl);
    const reasons =
      type === undefined ? [`${response.typeUrl} was not asked for`] : this.#apply(type, response);
    if (type !== undefined) this.#note(type, response, reasons);
    if (reasons.length > 0) this.#logger.warn('configuration refused', { reasons: shortened(reasons) });
    const answer = this.#stream?.answer(response.typeUrl, response.nonce, reasons);
    if (answer !== undefined) this.#call?.send(answer);
    this.#subscribe();
    this.#publish();
  }

  #apply(type: ResourceType, response: DeltaDiscoveryResponse): string[] {
    this.#logger.debug('configuration received', {
      type: SHORT_NAMES[type],
      resources: response.resources.length,
      removed: response.removedResources.length,
    });
    const missing: string[] = [];
    const resources: Resource[] = [];
    for (const { name, version, resource } of response.resources) {
      if (resource === undefined) missing.push(`${name}: holds no resource`);
      else if (resource.typeUrl !== type) missing.push(`${name}: is a ${resource.typeUrl}`);
      else resources.push({ name, version, bytes: resource.value });
    }
    return [...missing, ...this.configuration.apply({ type, resources, removed: response.removedResources })];
  }

  #note(type: ResourceType, { systemVersionInfo }: DeltaDiscoveryResponse, reasons: readonly string[]): void {
    const result = reasons.length === 0 ? 'accepted' : 'refused';
    this.updates.note(type, result, systemVersionInfo, this.#clock.wallMs());
  }

  #subscribe(): void {
    for (const type of [ENDPOINT_TYPE, ROUTE_TYPE] as const) {
      const request = this.#stream?.subscribe(type, this.configuration.interest(type));
      if (request !== undefined) this.#call?.send(request);
    }
    this.#beImpatient();
  }

  /** Waits for what is named but has not come, so long and no longer; the time runs only while connected. */
  #beImpatient(): void {
    const waiting = this.connected.value && this.configuration.waiting;
    if (!waiting) {
      this.#patience?.cancel();
      this.#patience = undefined;
      return;
    }
    this.#patience ??= this.#clock.after(FETCH_TIMEOUT_MS, () => {
      this.#patience = undefined;
      const names = this.configuration.awaited().join(', ');
      this.#logger.warn('resources never came and count as absent', { names });
      this.configuration.stopWaiting();
      this.#publish();
    });
  }

  #publish(): void {
    this.snapshot.set(this.configuration.snapshot);
    if (this.configuration.complete && !this.ready.value) {
      this.#logger.info('configuration complete');
      this.ready.set(true);
    }
  }

  #lost(reason: string): void {
    const delayMs = this.#backoff.nextMs();
    this.connected.set(false);
    this.#beImpatient();
    this.#logger.warn('control plane lost, traffic goes on', { reason, retryMs: Math.round(delayMs) });
    this.#retry = this.#clock.after(delayMs, () => this.connect());
  }

  #versions(type: ResourceType): Record<string, string> {
    const running = this.configuration.ledger.running(type);
    return Object.fromEntries([...running].map(([name, { version }]) => [name, version]));
  }
}

/** The whole list is in the NACK; a log line has its first part. */
function shortened(reasons: readonly string[]): string {
  const line = reasons.join('; ');
  return line.length <= MAX_LOGGED ? line : `${line.slice(0, MAX_LOGGED)}…`;
}
