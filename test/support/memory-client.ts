/**
 * The API in memory, for tests of what reads and writes through `Client`: the same validation and the same rules for
 * versions, conflicts, finalizers and graceful deletion as the API server, with none of its transport.
 */

import {
  ApiError,
  type Client,
  type DeleteOptions,
  type ListOptions,
  type WatchEvent,
} from '#api/client/client.ts';
import { type Clock, systemClock } from '#api/foundation/clock.ts';
import { type AnyKind, apiVersionOf, type Kind } from '#api/kinds/kind.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import { validate } from '#api/kinds/validate.ts';
import { memoryMatch } from './memory-selectors.ts';

interface Logged {
  readonly version: number;
  readonly kind: AnyKind;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Stored<KubeObject>;
  readonly previous: Stored<KubeObject> | undefined;
}

/** Writes to fail on purpose: a refusal is thrown, undefined lets the call through. */
export type Sabotage = (verb: string, kind: AnyKind, name: string) => Error | undefined;

export class MemoryClient implements Client {
  readonly #clock: Clock;
  readonly #objects = new Map<string, Stored<KubeObject>>();
  #log: Logged[] = [];
  #version = 0;
  #compactedAt = 0;
  #uids = 0;
  #wake = Promise.withResolvers<void>();
  #streams = new Set<AbortController>();
  sabotage: Sabotage = () => undefined;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Forgets history, so that watches from before expire. */
  compact(): void {
    this.#compactedAt = this.#version;
    this.#log = [];
  }

  /** Ends every watch, as a server does that restarts. */
  breakWatches(): void {
    for (const stream of this.#streams) stream.abort();
    this.#streams.clear();
    this.#notify();
  }

  async get<T extends KubeObject>(kind: Kind<T>, namespace: string | undefined, name: string) {
    this.#obstruct('get', kind, name);
    return structuredClone(this.#objects.get(keyFor(kind, namespace, name))) as Stored<T> | undefined;
  }

  async list<T extends KubeObject>(kind: Kind<T>, options: ListOptions = {}) {
    this.#obstruct('list', kind, '');
    const items = [...this.#objects]
      .filter(
        ([key, object]) => key.startsWith(`${kind.plural}.${kind.group}/`) && memoryMatch(object, options),
      )
      .map(([, object]) => structuredClone(object) as Stored<T>);
    return { items, resourceVersion: String(this.#version) };
  }

  async *watch<T extends KubeObject>(
    kind: Kind<T>,
    options: ListOptions & { readonly resourceVersion: string; readonly signal: AbortSignal },
  ): AsyncGenerator<WatchEvent<T>> {
    this.#obstruct('watch', kind, '');
    const stream = new AbortController();
    this.#streams.add(stream);
    const ended = (): boolean => options.signal.aborted || stream.signal.aborted;
    options.signal.addEventListener('abort', () => this.#notify(), { once: true });
    let after = Number(options.resourceVersion);
    while (!ended()) {
      if (after < this.#compactedAt) throw refusal(410, 'Expired', 'too old resource version');
      const wake = this.#wake.promise;
      const pending = this.#log.filter((logged) => logged.version > after);
      for (const logged of pending) {
        after = logged.version;
        const event = logged.kind === kind ? eventFor(logged, options) : undefined;
        if (event !== undefined && !ended()) yield structuredClone(event) as WatchEvent<T>;
      }
      if (pending.length === 0 && !ended()) await wake;
    }
  }

  async create<T extends KubeObject>(kind: Kind<T>, object: T) {
    const generated = object.metadata.generateName;
    const name = object.metadata.name ?? (generated === undefined ? '' : `${generated}${++this.#uids}`);
    this.#obstruct('create', kind, name);
    const key = keyFor(kind, object.metadata.namespace, name);
    if (this.#objects.has(key))
      throw refusal(409, 'AlreadyExists', `${kind.plural} "${name}" already exists`);
    this.#refuseInTerminating(kind, object);
    const metadata = {
      ...object.metadata,
      name,
      uid: `uid-${++this.#uids}`,
      generation: 1,
      creationTimestamp: new Date(this.#clock.wallMs()).toISOString().replace(/\.\d+Z$/, 'Z'),
      resourceVersion: '',
    };
    const extra = kind.kind === 'Namespace' ? { spec: { finalizers: ['kubernetes'] } } : {};
    return this.#write(kind, 'ADDED', {
      ...this.#checked(kind, { ...object, ...extra, metadata }),
      metadata,
    });
  }

  async update<T extends KubeObject>(kind: Kind<T>, object: T) {
    const held = this.#current(kind, 'update', object);
    const next = this.#checked(kind, object);
    const generation = (held.metadata.generation ?? 1) + (sameSpec(held, next) ? 0 : 1);
    const metadata = { ...guarded(next.metadata, held), generation };
    return this.#store(kind, { ...next, status: statusOf(held), metadata } as never);
  }

  async updateStatus<T extends KubeObject>(kind: Kind<T>, object: T) {
    const held = this.#current(kind, 'updateStatus', object);
    const next = this.#checked(kind, { ...held, status: statusOf(object) } as unknown as T);
    return this.#store(kind, { ...next, metadata: held.metadata } as never);
  }

  async patch<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string | undefined,
    name: string,
    patch: unknown,
    options: { subresource?: 'status' | 'scale' } = {},
  ): Promise<Stored<T>> {
    const held = this.#objects.get(keyFor(kind, namespace, name));
    if (held === undefined) throw refusal(404, 'NotFound', `${kind.plural} "${name}" not found`);
    const merged = merge(structuredClone(held), patch) as T;
    return options.subresource === 'status' ? this.updateStatus(kind, merged) : this.update(kind, merged);
  }

  async delete(kind: AnyKind, namespace: string | undefined, name: string, options: DeleteOptions = {}) {
    this.#obstruct('delete', kind, name);
    const held = this.#objects.get(keyFor(kind, namespace, name));
    if (held === undefined) return false;
    if (options.uid !== undefined && options.uid !== held.metadata.uid)
      throw refusal(409, 'Conflict', `the uid of "${name}" is another`);
    this.#markDeleted(kind, structuredClone(held), options);
    return true;
  }

  #markDeleted(kind: AnyKind, object: Stored<KubeObject>, options: DeleteOptions): void {
    const finalizers = new Set(object.metadata.finalizers ?? []);
    if (options.propagationPolicy === 'Foreground') finalizers.add('foregroundDeletion');
    if (options.propagationPolicy === 'Orphan') finalizers.add('orphan');
    const { spec } = object as { spec?: { nodeName?: string; terminationGracePeriodSeconds?: number } };
    const grace = options.gracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? 30;
    const graceful = kind.kind === 'Pod' && spec?.nodeName !== undefined && grace > 0;
    if (finalizers.size === 0 && !graceful && kind.kind !== 'Namespace') {
      this.#write(kind, 'DELETED', object);
      return;
    }
    if (
      object.metadata.deletionTimestamp !== undefined &&
      finalizers.size === (object.metadata.finalizers ?? []).length
    )
      return;
    object.metadata.deletionTimestamp = new Date(this.#clock.wallMs()).toISOString();
    if (graceful) object.metadata.deletionGracePeriodSeconds = grace;
    if (finalizers.size > 0) object.metadata.finalizers = [...finalizers];
    if (kind.kind === 'Namespace') Object.assign(object, { status: { phase: 'Terminating' } });
    this.#write(kind, 'MODIFIED', object);
  }

  #store<T extends KubeObject>(kind: Kind<T>, object: Stored<T>): Stored<T> {
    const { deletionTimestamp, finalizers = [] } = object.metadata;
    const spec = (object as { spec?: { finalizers?: string[] } }).spec;
    const held = kind.kind === 'Namespace' && (spec?.finalizers ?? []).length > 0;
    const done = deletionTimestamp !== undefined && finalizers.length === 0 && !held && kind.kind !== 'Pod';
    return this.#write(kind, done ? 'DELETED' : 'MODIFIED', object);
  }

  #write<T extends KubeObject>(kind: Kind<T>, type: Logged['type'], object: Stored<T>): Stored<T> {
    const version = ++this.#version;
    const key = keyFor(kind, object.metadata.namespace, object.metadata.name);
    const stored = structuredClone({
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(version) },
    }) as unknown as Stored<KubeObject>;
    const previous = this.#objects.get(key);
    if (type === 'DELETED') this.#objects.delete(key);
    else this.#objects.set(key, stored);
    this.#log.push({ version, kind, type, object: stored, previous });
    this.#notify();
    return structuredClone(stored) as unknown as Stored<T>;
  }

  #notify(): void {
    const { resolve } = this.#wake;
    this.#wake = Promise.withResolvers<void>();
    resolve();
  }

  #current<T extends KubeObject>(kind: Kind<T>, verb: string, object: T): Stored<T> {
    const name = object.metadata.name ?? '';
    this.#obstruct(verb, kind, name);
    const held = this.#objects.get(keyFor(kind, object.metadata.namespace, name));
    if (held === undefined) throw refusal(404, 'NotFound', `${kind.plural} "${name}" not found`);
    const expected = object.metadata.resourceVersion;
    if (expected !== undefined && expected !== held.metadata.resourceVersion)
      throw refusal(409, 'Conflict', `${kind.plural} "${name}" was changed meanwhile`);
    return held as unknown as Stored<T>;
  }

  #checked<T extends KubeObject>(kind: Kind<T>, object: T): T {
    const wire = { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind };
    const verdict = validate(kind, JSON.parse(JSON.stringify(wire)));
    if (verdict.ok) return verdict.object;
    const words = verdict.mistakes.map((mistake) => `${mistake.path}: ${mistake.message}`).join('; ');
    throw refusal(422, 'Invalid', `${kind.kind} "${object.metadata.name}" is invalid: ${words}`);
  }

  #refuseInTerminating(kind: AnyKind, object: KubeObject): void {
    const { namespace } = object.metadata;
    const home = this.#objects.get(`namespaces./${namespace ?? ''}`);
    if (kind.namespaced && home?.metadata.deletionTimestamp !== undefined)
      throw refusal(403, 'Forbidden', `namespace "${namespace}" is being terminated`);
  }

  #obstruct(verb: string, kind: AnyKind, name: string): void {
    const obstacle = this.sabotage(verb, kind, name);
    if (obstacle !== undefined) throw obstacle;
  }
}

export function refusal(code: number, reason: string, message: string): ApiError {
  return new ApiError({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message });
}

function keyFor(kind: AnyKind, namespace: string | undefined, name: string): string {
  return `${kind.plural}.${kind.group}/${kind.namespaced ? `${namespace ?? 'default'}/` : ''}${name}`;
}

/** What the server owns stays as it was, whatever the writer sent. */
function guarded(metadata: KubeObject['metadata'], held: Stored<KubeObject>): Stored<KubeObject>['metadata'] {
  const { name, uid, creationTimestamp, resourceVersion, deletionTimestamp } = held.metadata;
  const kept = { name, uid, creationTimestamp, resourceVersion };
  return { ...metadata, ...kept, ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) };
}

function statusOf(object: unknown): unknown {
  return (object as { status?: unknown }).status;
}

function sameSpec(a: unknown, b: unknown): boolean {
  const spec = (object: unknown): string => JSON.stringify((object as { spec?: unknown }).spec);
  return spec(a) === spec(b);
}

/** A selector watch sees objects come and go as they begin and cease to match. */
function eventFor(logged: Logged, options: ListOptions): WatchEvent<KubeObject> | undefined {
  const now = logged.type !== 'DELETED' && memoryMatch(logged.object, options);
  const before = logged.previous !== undefined && memoryMatch(logged.previous, options);
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', object: logged.object };
  return before ? { type: 'DELETED', object: logged.object } : undefined;
}

/** RFC 7396. */
function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof target === 'object' && target !== null && !Array.isArray(target) ? target : {};
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(merged[key], value);
  }
  return merged;
}
