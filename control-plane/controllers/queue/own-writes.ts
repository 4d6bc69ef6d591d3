/**
 * A controller that decides from a cache must see its own writes before it decides again: otherwise it makes a pod
 * twice because the first is not in the cache yet. Kubernetes counts what it expects and gives up after five minutes;
 * here a key waits until the cache has reached the version of its last write, which needs no guess.
 */
import type { Informer } from '#api/client/informer.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';

export interface OwnWrites {
  /** `object` is what the server answered to a write on behalf of `key`. */
  wrote<T extends KubeObject>(key: string, informer: Informer<T>, object: Stored<T>): void;
  /** `object` was told to go on behalf of `key`. */
  deleted<T extends KubeObject>(key: string, informer: Informer<T>, object: Stored<T>): void;
  /** Resolves when the caches show everything that was written for `key`. */
  seen(key: string): Promise<void>;
}

export function createOwnWrites(): OwnWrites {
  const pending = new Map<string, Promise<void>[]>();
  const note = (key: string, shown: Promise<void>): void => {
    shown.catch(() => {});
    pending.set(key, [...(pending.get(key) ?? []), shown]);
  };
  return {
    wrote: (key, informer, object) => note(key, informer.caughtUp(object.metadata.resourceVersion)),
    deleted: (key, informer, object) =>
      note(
        key,
        informer.until(() => isGoing(informer, object)),
      ),
    async seen(key) {
      const shown = pending.get(key) ?? [];
      pending.delete(key);
      await Promise.all(shown);
    },
  };
}

function isGoing<T extends KubeObject>(informer: Informer<T>, object: Stored<T>): boolean {
  const held = informer.get(object.metadata.namespace, object.metadata.name);
  return held?.metadata.uid !== object.metadata.uid || held.metadata.deletionTimestamp !== undefined;
}
