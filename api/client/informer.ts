/**
 * A local copy of one resource type, kept true by list and watch.
 *
 *   list ──► cache ◄── watch from the list's version ──(stream ends)──► watch from the last version seen
 *     ▲                                   │
 *     └───────── Expired: list again, tell the differences
 *
 * While the server is away the last picture stays readable. Every object's history is told in order and each
 * version once; what happened between two lists is told as its sum, so an object that came and went in between is
 * not told at all.
 */
import { type BackoffPolicy, createBackoff } from '#api/foundation/backoff.ts';
import { type Clock, sleep } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { Random } from '#api/foundation/random.ts';
import type { Kind } from '#api/kinds/kind.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import { type Client, isReason, type ListOptions, type WatchEvent } from './client.ts';
import { type Indexers, ObjectCache } from './object-cache.ts';
import { compareVersions } from './resource-version.ts';
import { Waiters } from './waiters.ts';

export interface ObjectChange<T extends KubeObject> {
  readonly type: 'added' | 'updated' | 'deleted';
  /** Of a deletion, the last state that was seen. */
  readonly object: Stored<T>;
  /** The state before; undefined for `added`. */
  readonly previous: Stored<T> | undefined;
}

export interface Informer<T extends KubeObject> {
  get(namespace: string | undefined, name: string): Stored<T> | undefined;
  list(namespace?: string): Stored<T>[];
  /** Objects by one of the indexes given at creation. */
  find(index: string, value: string): Stored<T>[];
  /** Calls back for every change, at once with `added` for what is already there. Returns the way to stop. */
  onChange(handler: (change: ObjectChange<T>) => void): () => void;
  /** Resolves with the first complete list. */
  readonly synced: Promise<void>;
  /** Resolves when the cache has seen `resourceVersion` or a later one; rejects when the informer stops. */
  caughtUp(resourceVersion: string): Promise<void>;
  /** Resolves when `predicate`, asked after every change, is true; rejects when the informer stops. */
  until(predicate: () => boolean): Promise<void>;
  start(): void;
  stop(): void;
}

export interface InformerOptions<T extends KubeObject> extends ListOptions {
  readonly indexes?: Indexers<T>;
}

export interface InformerTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Quick to return after a restart of the server; never a flood against one that is down. */
const RECONNECT: BackoffPolicy = { initialMs: 50, maxMs: 5_000, factor: 2, jitter: 0.5 };

export function createInformer<T extends KubeObject>(
  client: Client,
  kind: Kind<T>,
  options: InformerOptions<T>,
  tools: InformerTools,
): Informer<T> {
  return new ListWatchInformer(client, kind, options, tools);
}

type Ending =
  /** The server ended the stream, as it may at any time. */
  | { readonly type: 'ended' }
  /** The version is too old to watch from: list again. */
  | { readonly type: 'expired' }
  | { readonly type: 'lost'; readonly reason: string };

class ListWatchInformer<T extends KubeObject> implements Informer<T> {
  readonly synced: Promise<void>;
  readonly #client: Client;
  readonly #kind: Kind<T>;
  readonly #options: InformerOptions<T>;
  readonly #tools: InformerTools;
  readonly #cache: ObjectCache<T>;
  readonly #handlers = new Set<(change: ObjectChange<T>) => void>();
  readonly #stopping = new AbortController();
  readonly #markSynced: () => void;
  readonly #waiters = new Waiters();
  /** The version up to which the cache is true; undefined before the first list and after `Expired`. */
  #version: string | undefined;
  /** Whether the present watch delivered anything: then the server is well, and the next try comes soon. */
  #heard = false;
  #started = false;

  constructor(client: Client, kind: Kind<T>, options: InformerOptions<T>, tools: InformerTools) {
    this.#client = client;
    this.#kind = kind;
    this.#options = options;
    this.#tools = { ...tools, logger: tools.logger.with({ resource: kind.plural }) };
    this.#cache = new ObjectCache(options.indexes ?? {});
    const synced = Promise.withResolvers<void>();
    this.synced = synced.promise;
    this.#markSynced = synced.resolve;
  }

  get(namespace: string | undefined, name: string): Stored<T> | undefined {
    return this.#cache.get(namespace, name);
  }

  list(namespace?: string): Stored<T>[] {
    return this.#cache.list(namespace);
  }

  find(index: string, value: string): Stored<T>[] {
    return this.#cache.find(index, value);
  }

  onChange(handler: (change: ObjectChange<T>) => void): () => void {
    for (const object of this.#cache.list()) handler({ type: 'added', object, previous: undefined });
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  caughtUp(resourceVersion: string): Promise<void> {
    return this.until(
      () => this.#version !== undefined && compareVersions(this.#version, resourceVersion) >= 0,
    );
  }

  until(predicate: () => boolean): Promise<void> {
    return this.#waiters.until(predicate);
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    void this.#run();
  }

  stop(): void {
    this.#stopping.abort();
    this.#waiters.close(new Error('the informer was stopped'));
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#tools;
    const { signal } = this.#stopping;
    const backoff = createBackoff(RECONNECT, random);
    let failures = 0;
    while (!signal.aborted) {
      this.#heard = false;
      const startedMs = clock.nowMs();
      const ending = await this.#listAndWatch();
      if (this.#heard || clock.nowMs() - startedMs > RECONNECT.maxMs) {
        backoff.reset();
        failures = 0;
      }
      if (ending.type === 'lost' && !signal.aborted) this.#sayLost(ending.reason, failures);
      const delayMs = ending.type === 'expired' && failures === 0 ? 0 : backoff.nextMs();
      failures += 1;
      if (delayMs > 0) await sleep(clock, delayMs, signal).catch(() => {});
    }
  }

  /** Follows the resource until the stream ends, and says how it did. */
  async #listAndWatch(): Promise<Ending> {
    try {
      if (this.#version === undefined) await this.#relist();
      const { signal } = this.#stopping;
      const resourceVersion = this.#version ?? '';
      const options = { ...this.#options, resourceVersion, signal };
      for await (const event of this.#client.watch(this.#kind, options)) this.#receive(event);
      return { type: 'ended' };
    } catch (error) {
      if (!isReason(error, 'Expired') && !isReason(error, 'Gone'))
        return { type: 'lost', reason: messageOf(error) };
      this.#version = undefined;
      return { type: 'expired' };
    }
  }

  /** One warning an outage, however many tries it takes. */
  #sayLost(reason: string, failures: number): void {
    const { logger } = this.#tools;
    if (failures === 0) logger.warn('watch lost, keeping the last picture and trying again', { reason });
    else logger.debug('still away, trying again', { reason });
  }

  async #relist(): Promise<void> {
    const { items, resourceVersion } = await this.#client.list(this.#kind, this.#options);
    if (this.#stopping.signal.aborted) return;
    const present = new Set(items.map((item) => item.metadata.uid));
    for (const held of this.#cache.list()) if (!present.has(held.metadata.uid)) this.#drop(held);
    for (const item of items) this.#take(item);
    this.#advance(resourceVersion);
    this.#markSynced();
  }

  #receive(event: WatchEvent<T>): void {
    if (this.#stopping.signal.aborted) return;
    this.#heard = true;
    if (event.type === 'DELETED') this.#drop(event.object);
    else if (event.type !== 'BOOKMARK') this.#take(event.object);
    this.#advance(event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion);
  }

  #take(object: Stored<T>): void {
    const previous = this.#cache.get(object.metadata.namespace, object.metadata.name);
    if (previous?.metadata.uid === object.metadata.uid) {
      if (previous.metadata.resourceVersion === object.metadata.resourceVersion) return;
      this.#cache.put(object);
      this.#tell({ type: 'updated', object, previous });
    } else {
      if (previous !== undefined) this.#drop(previous);
      this.#cache.put(object);
      this.#tell({ type: 'added', object, previous: undefined });
    }
  }

  #drop(object: Stored<T>): void {
    const held = this.#cache.get(object.metadata.namespace, object.metadata.name);
    if (held?.metadata.uid !== object.metadata.uid) return;
    this.#cache.remove(held);
    this.#tell({ type: 'deleted', object, previous: held });
  }

  #tell(change: ObjectChange<T>): void {
    for (const handler of this.#handlers) {
      try {
        handler(change);
      } catch (error) {
        rethrowOutside(error);
      }
    }
  }

  #advance(version: string): void {
    this.#version = version;
    this.#waiters.ask();
  }
}

/** A handler that throws is a broken invariant of its owner, not a lost watch: it must not be retried away. */
function rethrowOutside(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
