import type { Client, ListOptions, WatchEvent } from '#api/client/client.ts';
import type { AnyKind, Kind } from '#api/kinds/kind.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import { mergePatch } from './patches/merge-patch.ts';
import type { ObjectVersion } from './registry/object-version.ts';
import type { Registry } from './registry/registry.ts';
import { scaleOf } from './registry/scale.ts';
import { noSuchPath } from './registry/statuses.ts';
import type { Write } from './registry/update-object.ts';

/** How often a watch without news says where it stands. */
const BOOKMARK_MS = 60_000;

/**
 * The API inside the control plane, without HTTP in between: the same admission, the same conflicts, the same
 * watches. The objects are shared and frozen: whoever wants to change one makes a copy.
 */
export function createLocalClient(registry: Registry): Client {
  const write = async <T extends KubeObject>(
    kind: AnyKind,
    object: T,
    part: Write['part'],
    options: { dryRun?: boolean } = {},
  ): Promise<Stored<T>> => {
    requireSubresource(kind, part);
    const { namespace, name = '' } = object.metadata;
    return typed(await registry.update(kind, namespace, name, { part, change: () => object, ...options }));
  };
  return {
    async get<T extends KubeObject>(kind: Kind<T>, namespace: string | undefined, name: string) {
      const version = await registry.get(kind, namespace, name);
      return version === undefined ? undefined : typed<T>(version);
    },
    async list<T extends KubeObject>(kind: Kind<T>, options: ListOptions = {}) {
      const { items, resourceVersion } = await registry.list(kind, options);
      return { items: items.map((version) => typed<T>(version)), resourceVersion };
    },
    watch: (kind, options) => watch(registry, kind, options),
    create: async <T extends KubeObject>(kind: Kind<T>, object: T, options?: { dryRun?: boolean }) =>
      typed<T>(await registry.create(kind, object.metadata.namespace, object, options)),
    update: (kind, object, options) => write(kind, object, 'object', options),
    updateStatus: (kind, object) => write(kind, object, 'status'),
    async patch<T extends KubeObject>(
      kind: Kind<T>,
      namespace: string | undefined,
      name: string,
      patch: unknown,
      options: { subresource?: 'status' | 'scale'; dryRun?: boolean } = {},
    ) {
      const { subresource: part = 'object', dryRun = false } = options;
      requireSubresource(kind, part);
      const change = (current: unknown): unknown => mergePatch(current, patch);
      const version = await registry.update(kind, namespace, name, { part, change, dryRun });
      return part === 'scale' ? (scaleOf(version.object) as unknown as Stored<T>) : typed<T>(version);
    },
    delete: async (kind, namespace, name, options = {}) =>
      (await registry.delete(kind, namespace, name, options)) !== undefined,
  };
}

function typed<T extends KubeObject>(version: ObjectVersion): Stored<T> {
  return version.object as Stored<T>;
}

function requireSubresource(kind: AnyKind, part: Write['part']): void {
  if (part !== 'object' && !kind.subresources.includes(part)) throw noSuchPath(`${kind.plural}/${part}`);
}

async function* watch<T extends KubeObject>(
  registry: Registry,
  kind: Kind<T>,
  options: ListOptions & { readonly resourceVersion: string; readonly signal: AbortSignal },
): AsyncGenerator<WatchEvent<T>, void> {
  for await (const event of registry.watch(kind, { ...options, bookmarkMs: BOOKMARK_MS })) {
    if (event.type === 'BOOKMARK') yield { type: 'BOOKMARK', resourceVersion: String(event.revision) };
    else yield { type: event.type, object: typed<T>(event.version) };
  }
}
