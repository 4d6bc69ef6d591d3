/** Owners and dependents across all kinds, from the caches; the server is asked before anything counts as gone. */
import type { Client } from '#api/client/client.ts';
import { keyOf } from '#api/client/object-cache.ts';
import { kindFor } from '#api/kinds/all.ts';
import type { AnyKind } from '#api/kinds/kind.ts';
import type { KubeObject, OwnerReference, Stored } from '#api/kinds/meta.ts';
import type { AnyInformer } from '../informers.ts';
import type { OwnerState } from './judge-dependent.ts';

export const FOREGROUND = 'foregroundDeletion';
export const ORPHAN = 'orphan';

export interface Located {
  readonly kind: AnyKind;
  readonly object: Stored<KubeObject>;
}

export interface OwnerGraph {
  /** The object behind a key that `keyFor` made. */
  find(key: string): Located | undefined;
  keyFor(located: Located): string;
  dependentsOf(uid: string): Located[];
  /** The owner that a reference of an object in `namespace` names, as cached. */
  ownerOf(reference: OwnerReference, namespace: string | undefined): Located | undefined;
  /** Asks the server when the cache knows no such owner. A kind that is not served here counts as present. */
  stateOf(reference: OwnerReference, namespace: string | undefined): Promise<OwnerState>;
}

export function createOwnerGraph(client: Client, informers: ReadonlyMap<AnyKind, AnyInformer>): OwnerGraph {
  const ownerOf = (reference: OwnerReference, namespace: string | undefined): Located | undefined => {
    const kind = kindFor(reference.apiVersion, reference.kind);
    if (kind === undefined) return undefined;
    const object = informers.get(kind)?.get(kind.namespaced ? namespace : undefined, reference.name);
    return object?.metadata.uid === reference.uid ? { kind, object } : undefined;
  };
  return {
    find(key) {
      const [group = '', plural = '', namespace = '', name = ''] = key.split('|');
      for (const [kind, informer] of informers) {
        if (kind.group !== group || kind.plural !== plural) continue;
        const object = informer.get(kind.namespaced ? namespace : undefined, name);
        return object === undefined ? undefined : { kind, object };
      }
      return undefined;
    },
    keyFor: ({ kind, object }) =>
      [kind.group, kind.plural, object.metadata.namespace ?? '', object.metadata.name].join('|'),
    dependentsOf: (uid) =>
      [...informers].flatMap(([kind, informer]) =>
        informer.find('owner', uid).map((object: Stored<KubeObject>) => ({ kind, object })),
      ),
    ownerOf,
    async stateOf(reference, namespace) {
      const cached = ownerOf(reference, namespace);
      if (cached !== undefined) return isWaiting(cached.object) ? 'waiting' : 'present';
      const kind = kindFor(reference.apiVersion, reference.kind);
      if (kind === undefined) return 'present';
      if (kind.namespaced && namespace === undefined) return 'absent';
      const live = (await client.get(kind, kind.namespaced ? namespace : undefined, reference.name)) as
        | Stored<KubeObject>
        | undefined;
      if (live?.metadata.uid !== reference.uid) return 'absent';
      return isWaiting(live) ? 'waiting' : 'present';
    },
  };
}

/** Going, and waiting for its dependents to go first. */
export function isWaiting({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(FOREGROUND);
}

/** For log lines. */
export function nameOf({ kind, object }: Located): string {
  return `${kind.kind} ${keyOf(object)}`;
}
