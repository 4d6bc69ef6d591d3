/** Empties namespaces that are being deleted, then lets them go. */
import { type Client, isReason } from '#api/client/client.ts';
import type { Informer } from '#api/client/informer.ts';
import { changeObject } from '#api/client/retry-on-conflict.ts';
import type { AnyKind } from '#api/kinds/kind.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import { Namespace } from '#api/kinds/namespace.ts';
import type { AnyInformer } from '../informers.ts';
import { createWorkQueue } from '../queue/work-queue.ts';
import type { Running, Tools } from '../tools.ts';

export interface NamespaceInputs {
  readonly client: Client;
  readonly namespaces: Informer<Namespace>;
  readonly informers: ReadonlyMap<AnyKind, AnyInformer>;
  readonly synced: Promise<unknown>;
}

/** The finalizer in `spec` that the server puts on every namespace. */
const FINALIZER = 'kubernetes';
/** Objects that another finalizer holds go without a change that would be seen here for certain. */
const LOOK_AGAIN_MS = 5_000;

export function startNamespaces(inputs: NamespaceInputs, tools: Tools): Running {
  const { client, namespaces } = inputs;
  const contents = [...inputs.informers].filter(([kind]) => kind.namespaced);

  const reconcile = async (name: string): Promise<number | undefined> => {
    const namespace = namespaces.get(undefined, name);
    if (namespace?.metadata.deletionTimestamp === undefined) return undefined;
    const cached = contents.flatMap(([kind, informer]) =>
      informer.list(name).map((object: Stored<KubeObject>) => ({ kind, object })),
    );
    const left = cached.length > 0 ? cached : await listAll(name);
    if (left.length === 0) return finalize(name);
    await Promise.all(left.map(({ kind, object }) => remove(kind, object)));
    return LOOK_AGAIN_MS;
  };

  /** The caches show nothing any more; only the server knows for certain. */
  const listAll = async (namespace: string): Promise<{ kind: AnyKind; object: Stored<KubeObject> }[]> => {
    const lists = contents.map(async ([kind]) => {
      const { items } = await client.list<KubeObject>(kind, { namespace });
      return items.map((object) => ({ kind, object }));
    });
    return (await Promise.all(lists)).flat();
  };

  const remove = async (kind: AnyKind, { metadata }: Stored<KubeObject>): Promise<void> => {
    if (metadata.deletionTimestamp !== undefined) return;
    const { namespace, name, uid } = metadata;
    await client
      .delete(kind, namespace, name, { uid, propagationPolicy: 'Background' })
      .catch((error: unknown) => {
        if (!isReason(error, 'Conflict')) throw error;
      });
  };

  const finalize = async (name: string): Promise<undefined> => {
    await changeObject(client, {
      kind: Namespace,
      namespace: undefined,
      name,
      change: (current) => {
        if (current.metadata.deletionTimestamp === undefined) return undefined;
        const finalizers = (current.spec?.finalizers ?? []).filter((held) => held !== FINALIZER);
        return { ...current, spec: { ...current.spec, finalizers } };
      },
    });
  };

  const queue = createWorkQueue({ name: 'namespace', reconcile, after: inputs.synced }, tools);
  namespaces.onChange(({ object }) => {
    if (object.metadata.deletionTimestamp !== undefined) queue.add(object.metadata.name);
  });
  for (const [, informer] of contents) {
    informer.onChange(({ object }) => {
      const home = namespaces.get(undefined, object.metadata.namespace ?? '');
      if (home?.metadata.deletionTimestamp !== undefined) queue.add(home.metadata.name);
    });
  }
  return queue;
}
