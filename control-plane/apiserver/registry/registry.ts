import type { DeleteOptions } from '#api/client/client.ts';
import type { Clock } from '#api/foundation/clock.ts';
import type { Random } from '#api/foundation/random.ts';
import type { AnyKind } from '#api/kinds/kind.ts';
import type { Store } from '../../store/store.ts';
import { createObjects } from './create-object.ts';
import { deleteObjects } from './delete-object.ts';
import { type ListQuery, listObjects, type ObjectPage } from './list-objects.ts';
import { createObjectVersions, type ObjectVersion, type ObjectVersions } from './object-version.ts';
import { asApiError } from './statuses.ts';
import { storageKey } from './storage-key.ts';
import { updateObjects, type Write } from './update-object.ts';
import { type RegistryEvent, type WatchQuery, watchObjects } from './watch-objects.ts';

/** What the parts of the registry work with. */
export interface RegistryContext {
  readonly store: Store;
  readonly versions: ObjectVersions;
  readonly clock: Clock;
  readonly random: Random;
  readonly newUid: () => string;
}

export interface DeletionRequest extends DeleteOptions {
  /** Refuse with Conflict when the object's version is another. */
  readonly resourceVersion?: string;
  readonly dryRun?: boolean;
}

/** What a deletion did: `gone`, or still there (`marked`) until its finalizers or the node runtime let it go. */
export interface DeletionResult {
  readonly outcome: 'gone' | 'marked';
  readonly version: ObjectVersion;
}

/**
 * The semantic core of the API: admission, defaults, versions, deletion, watches, as Kubernetes defines them. HTTP and
 * the in-process client are two doors to it. Every failure is an ApiError.
 */
export interface Registry {
  get(kind: AnyKind, namespace: string | undefined, name: string): Promise<ObjectVersion | undefined>;
  list(kind: AnyKind, query: ListQuery): Promise<ObjectPage>;
  watch(kind: AnyKind, query: WatchQuery): AsyncIterable<RegistryEvent>;
  create(
    kind: AnyKind,
    namespace: string | undefined,
    input: unknown,
    options?: { readonly dryRun?: boolean },
  ): Promise<ObjectVersion>;
  /** Replaces or patches the object, its status or its scale: `write` makes the input from the present object. */
  update(kind: AnyKind, namespace: string | undefined, name: string, write: Write): Promise<ObjectVersion>;
  /** Undefined when there is no such object. */
  delete(
    kind: AnyKind,
    namespace: string | undefined,
    name: string,
    request: DeletionRequest,
  ): Promise<DeletionResult | undefined>;
  revision(): Promise<number>;
}

export function createRegistry(options: {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** UUIDs. */
  readonly newUid: () => string;
}): Registry {
  const context: RegistryContext = { ...options, versions: createObjectVersions() };
  const get = async (kind: AnyKind, namespace: string | undefined, name: string) => {
    const entry = await context.store.get(storageKey(kind, namespace, name));
    return entry === undefined ? undefined : context.versions.ofEntry(entry);
  };
  return {
    get: answering(get),
    list: answering((kind: AnyKind, query: ListQuery) => listObjects(context, kind, query)),
    watch: (kind, query) => watchObjects(context, kind, query),
    create: answering(createObjects(context)),
    update: answering(updateObjects(context)),
    delete: answering(deleteObjects(context)),
    revision: answering(() => context.store.revision()),
  };
}

/** The same function, its failures as ApiErrors. */
function answering<A extends unknown[], R>(work: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      return await work(...args);
    } catch (error) {
      throw asApiError(error);
    }
  };
}
