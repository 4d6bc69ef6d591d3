import type { AnyKind } from '#api/kinds/kind.ts';
import { strategyOf } from '../strategies/strategies.ts';
import { decideDeletion } from './deletion.ts';
import { decodeVersion, encodeForStore, type ObjectVersion } from './object-version.ts';
import type { DeletionRequest, DeletionResult, Registry, RegistryContext } from './registry.ts';
import { badRequest, conflict, forbidden, modified } from './statuses.ts';
import { storageKey } from './storage-key.ts';

/** The object may change while it is being deleted; the deletion then looks again, so often at most. */
const ATTEMPTS = 16;

export function deleteObjects(context: RegistryContext): Registry['delete'] {
  return async (kind, namespace, name, request) => {
    const refusal = strategyOf(kind).refuseDeletion?.(name);
    if (refusal !== undefined) throw forbidden(kind, name, refusal);
    if ((request.gracePeriodSeconds ?? 0) < 0) throw badRequest('gracePeriodSeconds must not be negative');
    const key = storageKey(kind, namespace, name);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const entry = await context.store.get(key);
      if (entry === undefined) return undefined;
      const current = context.versions.ofEntry(entry);
      requirePreconditions(kind, current, request);
      const result = await carryOut(context, kind, key, current, request);
      if (result !== undefined) return result;
    }
    throw modified(kind, name);
  };
}

function requirePreconditions(kind: AnyKind, { object }: ObjectVersion, request: DeletionRequest): void {
  const { name, uid, resourceVersion } = object.metadata;
  if (request.uid !== undefined && request.uid !== uid) {
    const why = `Precondition failed: UID in precondition: ${request.uid}, UID in object meta: ${uid}`;
    throw conflict(kind, name, why);
  }
  if (request.resourceVersion !== undefined && request.resourceVersion !== resourceVersion) {
    throw conflict(
      kind,
      name,
      `Precondition failed: ResourceVersion in precondition: ${request.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`,
    );
  }
}

/** Undefined when another write came between. */
async function carryOut(
  context: RegistryContext,
  kind: AnyKind,
  key: string,
  current: ObjectVersion,
  request: DeletionRequest,
): Promise<DeletionResult | undefined> {
  const deletion = decideDeletion(kind, current.object, request, context.clock.wallMs());
  if (deletion.type === 'wait') return { outcome: 'marked', version: current };
  if (deletion.type === 'remove') {
    if (request.dryRun) return { outcome: 'gone', version: current };
    const result = await context.store.delete(key, current.revision);
    if (result.outcome !== 'written') return undefined;
    context.versions.forget(key, result.revision);
    return { outcome: 'gone', version: current };
  }
  const value = encodeForStore(deletion.object);
  if (request.dryRun) return { outcome: 'marked', version: decodeVersion(value, current.revision) };
  const result = await context.store.update(key, value, current.revision);
  if (result.outcome !== 'written') return undefined;
  return { outcome: 'marked', version: context.versions.ofEntry({ key, value, revision: result.revision }) };
}
