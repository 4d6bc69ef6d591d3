/** What becomes of an object when its owners go, as Kubernetes' garbage collector decides it. */
import type { DeleteOptions } from '#api/client/client.ts';
import type { OwnerReference } from '#api/kinds/meta.ts';

/** `waiting`: the owner is being deleted in the foreground and waits for its dependents. */
export type OwnerState = 'present' | 'absent' | 'waiting';

export type Verdict =
  | { readonly type: 'keep' }
  /** Some owners are gone; the object lives for the others. */
  | { readonly type: 'prune'; readonly ownerReferences: OwnerReference[] }
  | { readonly type: 'delete'; readonly policy: NonNullable<DeleteOptions['propagationPolicy']> };

export interface OwnerView {
  readonly reference: OwnerReference;
  readonly state: OwnerState;
}

/** `hasDependents`: an owner that waits wants everything below gone, so they must go before this object does. */
export function judgeDependent(owners: readonly OwnerView[], hasDependents: boolean): Verdict {
  const present = owners.filter((owner) => owner.state === 'present');
  if (present.length === owners.length) return { type: 'keep' };
  if (present.length > 0)
    return { type: 'prune', ownerReferences: present.map(({ reference }) => reference) };
  const waiting = owners.some((owner) => owner.state === 'waiting');
  return { type: 'delete', policy: waiting && hasDependents ? 'Foreground' : 'Background' };
}
