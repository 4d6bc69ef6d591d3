import type { AnyKind } from '#api/kinds/kind.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import { Namespace } from '#api/kinds/namespace.ts';
import { admitCreate } from './admit-create.ts';
import { decodeVersion, encodeForStore, ObjectVersion } from './object-version.ts';
import type { Registry, RegistryContext } from './registry.ts';
import { alreadyExists, forbidden, notFound } from './statuses.ts';
import { storageKey } from './storage-key.ts';

/** Kubernetes' alphabet for generated names: no vowels, nothing that looks like another. */
const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
/** A generated name that is taken is tried anew this often. */
const NAME_ATTEMPTS = 8;

export function createObjects(context: RegistryContext): Registry['create'] {
  return async (kind, namespace, input, options = {}) => {
    for (let attempt = 1; ; attempt += 1) {
      const object = admitCreate(kind, namespace, input, {
        now: new Date(context.clock.wallMs()).toISOString().replace(/\.\d+Z$/, 'Z'),
        uid: context.newUid(),
        suffix: nameSuffix(context.random),
      });
      await requireNamespace(context, kind, object);
      const made = options.dryRun
        ? await rehearse(context, kind, object)
        : await store(context, kind, object);
      if (made !== undefined) return made;
      const generated = object.metadata.generateName !== undefined && !hasName(input);
      if (!generated || attempt === NAME_ATTEMPTS) throw alreadyExists(kind, object.metadata.name ?? '');
    }
  };
}

function nameSuffix(random: () => number): string {
  return Array.from(
    { length: SUFFIX_LENGTH },
    () => SUFFIX_LETTERS[Math.floor(random() * SUFFIX_LETTERS.length)],
  ).join('');
}

function hasName(input: unknown): boolean {
  const { metadata } = input as { metadata?: { name?: unknown } };
  return metadata?.name !== undefined && metadata.name !== null && metadata.name !== '';
}

async function requireNamespace(context: RegistryContext, kind: AnyKind, object: KubeObject): Promise<void> {
  const { namespace, name = '' } = object.metadata;
  if (namespace === undefined) return;
  const entry = await context.store.get(storageKey(Namespace, undefined, namespace));
  if (entry === undefined) throw notFound(Namespace, namespace);
  const home = context.versions.ofEntry(entry).object;
  if (home.metadata.deletionTimestamp !== undefined) {
    const message = `unable to create new content in namespace ${namespace} because it is being terminated`;
    throw forbidden(kind, name, message, [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ]);
  }
}

function keyOf(kind: AnyKind, object: KubeObject): string {
  return storageKey(kind, object.metadata.namespace, object.metadata.name ?? '');
}

async function store(
  context: RegistryContext,
  kind: AnyKind,
  object: KubeObject,
): Promise<ObjectVersion | undefined> {
  const key = keyOf(kind, object);
  const value = encodeForStore(object);
  const result = await context.store.create(key, value);
  return result.outcome === 'written'
    ? context.versions.ofEntry({ key, value, revision: result.revision })
    : undefined;
}

/** `dryRun`: everything but the write. The result has no resourceVersion, since it was never stored. */
async function rehearse(
  context: RegistryContext,
  kind: AnyKind,
  object: KubeObject,
): Promise<ObjectVersion | undefined> {
  if ((await context.store.get(keyOf(kind, object))) !== undefined) return undefined;
  const { object: decoded } = decodeVersion(encodeForStore(object), 0);
  const { resourceVersion: _, ...metadata } = decoded.metadata;
  return new ObjectVersion({ ...decoded, metadata } as Stored<KubeObject>, 0);
}
