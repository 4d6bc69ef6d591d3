import { type Client, isReason } from '#api/client/client.ts';
import type { Informer } from '#api/client/informer.ts';
import type { Namespace } from '#api/kinds/namespace.ts';
import { ServiceAccount } from '#api/kinds/service-account.ts';
import { createWorkQueue } from '../queue/work-queue.ts';
import type { Running, Tools } from '../tools.ts';

export interface DefaultAccountInputs {
  readonly client: Client;
  readonly namespaces: Informer<Namespace>;
  readonly serviceAccounts: Informer<ServiceAccount>;
  readonly synced: Promise<unknown>;
}

const DEFAULT = 'default';

/** Every namespace has the ServiceAccount `default`: the identity of pods that name none. */
export function startDefaultAccounts(inputs: DefaultAccountInputs, tools: Tools): Running {
  const { client, namespaces, serviceAccounts } = inputs;
  const reconcile = async (name: string): Promise<undefined> => {
    const namespace = namespaces.get(undefined, name);
    if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return;
    if (serviceAccounts.get(name, DEFAULT) !== undefined) return;
    const account = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: DEFAULT, namespace: name },
    } as const;
    await client.create(ServiceAccount, account).catch((error: unknown) => {
      if (!isReason(error, 'AlreadyExists') && !isReason(error, 'Forbidden')) throw error;
    });
  };
  const queue = createWorkQueue({ name: 'default-account', reconcile, after: inputs.synced }, tools);
  namespaces.onChange(({ object }) => queue.add(object.metadata.name));
  serviceAccounts.onChange(({ type, object }) => {
    if (type === 'deleted') queue.add(object.metadata.namespace ?? '');
  });
  return queue;
}
