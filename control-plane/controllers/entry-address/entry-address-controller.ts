/**
 * Gives the hosts of ServiceEntries the addresses that pods look up and connect to. `status.addresses` is the only
 * memory: it is read before the first address is given, the oldest entries first.
 */
import type { Client } from '#api/client/client.ts';
import type { Informer } from '#api/client/informer.ts';
import { keyOf, splitKey } from '#api/client/object-cache.ts';
import type { Stored } from '#api/kinds/meta.ts';
import { ServiceEntry } from '#api/kinds/service-entry.ts';
import { createOwnWrites } from '../queue/own-writes.ts';
import { createWorkQueue } from '../queue/work-queue.ts';
import { same } from '../same.ts';
import type { Running, Tools } from '../tools.ts';
import type { EntryAddresses } from './entry-addresses.ts';
import { hostsToAddress, ownerOf, planAddresses } from './plan-addresses.ts';

export interface EntryAddressInputs {
  readonly client: Client;
  readonly serviceEntries: Informer<ServiceEntry>;
  readonly addresses: EntryAddresses;
  readonly synced: Promise<unknown>;
}

export function startEntryAddresses(inputs: EntryAddressInputs, tools: Tools): Running {
  const { client, serviceEntries, addresses } = inputs;
  const writes = createOwnWrites();

  const reconcile = async (key: string): Promise<undefined> => {
    await writes.seen(key);
    const { namespace, name } = splitKey(key);
    const entry = serviceEntries.get(namespace, name);
    if (entry === undefined || entry.metadata.deletionTimestamp !== undefined) return;
    const plan = planAddresses(entry, addresses);
    if (plan.length < hostsToAddress(entry).length)
      tools.logger.warn('no address is left for a ServiceEntry', { entry: key });
    if (same(plan, entry.status?.addresses ?? [])) return;
    const status = { ...entry.status, addresses: plan };
    writes.wrote(key, serviceEntries, await client.updateStatus(ServiceEntry, { ...entry, status }));
  };

  const after = inputs.synced.then(() => fill(inputs));
  const queue = createWorkQueue({ name: 'entry-address', reconcile, concurrency: 1, after }, tools);
  serviceEntries.onChange(({ type, object, previous }) => {
    if (type !== 'deleted') queue.add(keyOf(object));
    const kept = new Set(type === 'deleted' ? [] : hostsToAddress(object));
    const held = previous?.status?.addresses ?? (type === 'deleted' ? object.status?.addresses : undefined);
    for (const { host, value } of held ?? [])
      if (!kept.has(host)) addresses.giveBack(ownerOf(object, host), value);
  });
  return queue;
}

/** What a status tells is taken before anything is given. */
function fill({ serviceEntries, addresses }: EntryAddressInputs): void {
  const age = (entry: Stored<ServiceEntry>): string => `${entry.metadata.creationTimestamp} ${keyOf(entry)}`;
  for (const entry of serviceEntries.list().toSorted((a, b) => (age(a) < age(b) ? -1 : 1)))
    for (const { host, value } of entry.status?.addresses ?? []) addresses.take(ownerOf(entry, host), value);
}
