import type { AnyKind } from '#api/kinds/kind.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import type { WriteResult } from '../../store/store.ts';
import { sameJson } from '../strategies/immutable.ts';
import { admitStatus, admitUpdate } from './admit-update.ts';
import { mayGo } from './deletion.ts';
import { decodeVersion, encodeForStore, type ObjectVersion } from './object-version.ts';
import type { Registry, RegistryContext } from './registry.ts';
import { admitScale, scaleOf } from './scale.ts';
import { modified, notFound } from './statuses.ts';
import { storageKey } from './storage-key.ts';

export interface Write {
  readonly part: 'object' | 'status' | 'scale';
  /** What the client wants, made from the present object (or its Scale). Runs again when another write came between. */
  readonly change: (current: unknown) => unknown;
  readonly dryRun?: boolean;
}

/** A write without a resourceVersion is repeated on top of what came between, so often at most. */
const ATTEMPTS = 16;

export function updateObjects(context: RegistryContext): Registry['update'] {
  return async (kind, namespace, name, write) => {
    const key = storageKey(kind, namespace, name);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const entry = await context.store.get(key);
      if (entry === undefined) throw notFound(kind, name);
      const current = context.versions.ofEntry(entry);
      const candidate = admit(kind, current.object, write);
      const value = encodeForStore(candidate);
      if (value === entry.value || sameContent(value, current)) return current;
      if (write.dryRun) return decodeVersion(value, current.revision);

      const leaving = mayGo(kind, candidate);
      const result = leaving
        ? await context.store.delete(key, current.revision)
        : await context.store.update(key, value, current.revision);
      const written = versionAfter(context, key, value, result, leaving);
      if (written !== undefined) return written;
      if (result.outcome === 'absent') throw notFound(kind, name);
    }
    throw modified(kind, name);
  };
}

function admit(kind: AnyKind, current: Stored<KubeObject>, write: Write): KubeObject {
  switch (write.part) {
    case 'object':
      return admitUpdate(kind, current, write.change(current));
    case 'status':
      return admitStatus(kind, current, write.change(current));
    case 'scale':
      return admitUpdate(kind, current, admitScale(kind, current, write.change(scaleOf(current))));
  }
}

function sameContent(value: string, current: ObjectVersion): boolean {
  return sameJson(decodeVersion(value, current.revision).object, current.object);
}

/** Undefined when another write came between. */
function versionAfter(
  context: RegistryContext,
  key: string,
  value: string,
  result: WriteResult,
  leaving: boolean,
): ObjectVersion | undefined {
  if (result.outcome !== 'written') return undefined;
  if (!leaving) return context.versions.ofEntry({ key, value, revision: result.revision });
  context.versions.forget(key, result.revision);
  return decodeVersion(value, result.revision);
}
