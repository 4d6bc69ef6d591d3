import type { DeleteOptions } from '#api/client/client.ts';
import type { AnyKind } from '#api/kinds/kind.ts';
import type { KubeObject, ObjectMeta, Stored } from '#api/kinds/meta.ts';
import { sameJson } from '../strategies/immutable.ts';
import { strategyOf } from '../strategies/strategies.ts';

export type Deletion =
  | { readonly type: 'remove' }
  /** The object stays for now, changed like this. */
  | { readonly type: 'mark'; readonly object: KubeObject }
  /** It is on its way already, and this request changes nothing. */
  | { readonly type: 'wait' };

const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

/**
 * What becomes of an object that is asked to go: it stays while finalizers hold it, and a pod on a node stays until
 * the node runtime, having stopped it, deletes it with a grace period of 0. Pure.
 */
export function decideDeletion(
  kind: AnyKind,
  current: Stored<KubeObject>,
  options: DeleteOptions,
  nowMs: number,
): Deletion {
  const graceSeconds = graceOf(kind, current, options);
  const marked = markedMetadata(current.metadata, options, graceSeconds, nowMs);
  if (graceSeconds === 0 && !isHeld(kind, { ...current, metadata: marked })) return { type: 'remove' };
  const { resourceVersion: _, ...unchanged } = current.metadata;
  if (sameJson(marked, unchanged)) return { type: 'wait' };
  return { type: 'mark', object: terminating(kind, { ...current, metadata: marked }) };
}

/** Whether an object that was marked for deletion has nothing more to wait for. Pure. */
export function mayGo(kind: AnyKind, object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = object.metadata;
  return deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0 && !isHeld(kind, object);
}

function isHeld(kind: AnyKind, object: KubeObject): boolean {
  const inSpec = strategyOf(kind).finalizersInSpec?.(object) ?? [];
  return (object.metadata.finalizers ?? []).length > 0 || inSpec.length > 0;
}

function graceOf(kind: AnyKind, current: Stored<KubeObject>, options: DeleteOptions): number {
  if (kind.kind !== 'Pod') return 0;
  const { spec } = current as unknown as {
    spec: { nodeName?: string; terminationGracePeriodSeconds?: number };
  };
  if ((spec.nodeName ?? '') === '') return 0;
  const wished = options.gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30;
  const already = current.metadata.deletionGracePeriodSeconds;
  return already === undefined ? wished : Math.min(wished, already);
}

function markedMetadata(
  { resourceVersion: _, finalizers: present = [], ...metadata }: ObjectMeta,
  options: DeleteOptions,
  graceSeconds: number,
  nowMs: number,
): ObjectMeta {
  const finalizers = finalizersAfter(present, options.propagationPolicy);
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  const unchanged = deletionTimestamp !== undefined && deletionGracePeriodSeconds === graceSeconds;
  return {
    ...metadata,
    ...(!unchanged && {
      deletionTimestamp: new Date(nowMs + graceSeconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z'),
      deletionGracePeriodSeconds: graceSeconds,
    }),
    ...(finalizers.length > 0 && { finalizers }),
  };
}

/** `Foreground` and `Orphan` are work for the garbage controller, which takes its finalizer away when it is done. */
function finalizersAfter(present: readonly string[], policy: DeleteOptions['propagationPolicy']): string[] {
  const others = present.filter((finalizer) => finalizer !== FOREGROUND && finalizer !== ORPHAN);
  switch (policy) {
    case 'Foreground':
      return [...others, FOREGROUND];
    case 'Orphan':
      return [...others, ORPHAN];
    case 'Background':
      return others;
    case undefined:
      return [...present];
  }
}

function terminating(kind: AnyKind, object: KubeObject & { status?: object }): KubeObject {
  if (kind.kind !== 'Namespace') return object;
  return { ...object, status: { ...object.status, phase: 'Terminating' } } as KubeObject;
}
