/**
 * Which objects a controller manages, as Kubernetes' ControllerRefManager decides it: what it owns and its selector
 * selects it keeps; what it owns but no longer selects it lets go; orphans that it selects it takes in, unless either
 * is being deleted.
 */
import { type Client, isReason } from '#api/client/client.ts';
import type { AnyKind, Kind } from '#api/kinds/kind.ts';
import type { KubeObject, LabelSelector, OwnerReference, Stored } from '#api/kinds/meta.ts';
import { matchesSelector } from '#api/kinds/selectors.ts';
import { controllerOf, controllerReference } from './owner.ts';

export type Belonging = 'keep' | 'release' | 'adopt' | 'ignore';

export interface Owner {
  readonly metadata: Stored<KubeObject>['metadata'];
  readonly spec: { readonly selector: LabelSelector };
}

/** The decision for one candidate. */
export function belonging(owner: Owner, candidate: Stored<KubeObject>): Belonging {
  const controller = controllerOf(candidate);
  const selected = matchesSelector(owner.spec.selector, candidate.metadata.labels ?? {});
  if (controller !== undefined) {
    if (controller.uid !== owner.metadata.uid) return 'ignore';
    if (selected) return 'keep';
    return owner.metadata.deletionTimestamp === undefined ? 'release' : 'ignore';
  }
  const going =
    owner.metadata.deletionTimestamp !== undefined || candidate.metadata.deletionTimestamp !== undefined;
  return selected && !going ? 'adopt' : 'ignore';
}

/**
 * Carries the decisions out and resolves with the objects that belong to the owner now. Before it takes anything in
 * it asks the server whether the owner still exists: a stale cache must not adopt for the dead.
 */
export async function claim<T extends KubeObject>(
  client: Client,
  ownerKind: AnyKind,
  owner: Stored<KubeObject> & Owner,
  kind: Kind<T>,
  candidates: readonly Stored<T>[],
): Promise<Stored<T>[]> {
  const verdicts = candidates.map((candidate) => ({ candidate, verdict: belonging(owner, candidate) }));
  const alive =
    verdicts.some(({ verdict }) => verdict === 'adopt') && (await isAlive(client, ownerKind, owner));
  const claimed = await Promise.all(
    verdicts.map(async ({ candidate, verdict }) => {
      if (verdict === 'keep') return candidate;
      if (verdict === 'release') await rewrite(client, kind, candidate, without(candidate, owner));
      if (verdict !== 'adopt' || !alive) return undefined;
      const reference = controllerReference(ownerKind, owner);
      return rewrite(client, kind, candidate, [...(candidate.metadata.ownerReferences ?? []), reference]);
    }),
  );
  return claimed.filter((object) => object !== undefined);
}

async function isAlive(client: Client, kind: AnyKind, owner: Stored<KubeObject>): Promise<boolean> {
  const stored = await client.get(kind, owner.metadata.namespace, owner.metadata.name);
  return stored?.metadata.uid === owner.metadata.uid && stored.metadata.deletionTimestamp === undefined;
}

function without(candidate: Stored<KubeObject>, owner: Owner): OwnerReference[] {
  return (candidate.metadata.ownerReferences ?? []).filter(
    (reference) => reference.uid !== owner.metadata.uid,
  );
}

/** Undefined when the object went meanwhile. */
async function rewrite<T extends KubeObject>(
  client: Client,
  kind: Kind<T>,
  object: Stored<T>,
  ownerReferences: OwnerReference[],
): Promise<Stored<T> | undefined> {
  const metadata = { ...object.metadata, ownerReferences };
  try {
    return await client.update(kind, { ...object, metadata } as unknown as T);
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  }
}
