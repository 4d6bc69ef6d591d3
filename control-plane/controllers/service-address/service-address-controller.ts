/**
 * Gives services their addresses. The stored services are the only memory: the allocator is filled from the cache
 * before the first address is given, oldest services first.
 *
 * A service that names an address it cannot have keeps its spec, which is its maker's, but gets a condition that says
 * why, and while that stands the address is not its VIP (`vipOf`): no traffic goes astray.
 */
import type { Client } from '#api/client/client.ts';
import { recordEvent } from '#api/client/events.ts';
import type { Informer } from '#api/client/informer.ts';
import { keyOf, splitKey } from '#api/client/object-cache.ts';
import type { Condition, Stored } from '#api/kinds/meta.ts';
import { ADDRESS_CONDITION, Service } from '#api/kinds/service.ts';
import { conditionOf, timestamp, withCondition, withoutCondition } from '../conditions.ts';
import { createOwnWrites } from '../queue/own-writes.ts';
import { createWorkQueue } from '../queue/work-queue.ts';
import { same } from '../same.ts';
import type { Running, Tools } from '../tools.ts';
import type { AddressAllocator } from './allocator.ts';
import { namedAddress, planAddress } from './plan-address.ts';

export interface ServiceAddressInputs {
  readonly client: Client;
  readonly services: Informer<Service>;
  readonly allocator: AddressAllocator;
  readonly synced: Promise<unknown>;
}

export function startServiceAddresses(inputs: ServiceAddressInputs, tools: Tools): Running {
  const { client, services, allocator } = inputs;
  const writes = createOwnWrites();

  const reconcile = async (key: string): Promise<undefined> => {
    await writes.seen(key);
    const { namespace, name } = splitKey(key);
    const service = services.get(namespace, name);
    if (service === undefined || service.metadata.deletionTimestamp !== undefined) return;
    const plan = planAddress(service, allocator);
    if (plan.outcome === 'refused') return refuse(key, service, plan.message);
    if (refusalOf(service) !== undefined)
      await setConditions(key, service, withoutCondition(service.status?.conditions, ADDRESS_CONDITION));
    else if (!same(plan.spec, service.spec))
      writes.wrote(key, services, await client.update(Service, { ...service, spec: plan.spec }));
  };

  const refuse = async (key: string, service: Stored<Service>, message: string): Promise<undefined> => {
    if (refusalOf(service)?.message === message) return;
    const words = { type: 'Warning', reason: 'AddressRefused', component: 'service-controller' } as const;
    void recordEvent(client, { object: service, message, ...words }, tools.clock);
    const condition: Condition = {
      type: ADDRESS_CONDITION,
      status: 'False',
      reason: 'AddressRefused',
      message,
    };
    const now = timestamp(tools.clock.wallMs());
    await setConditions(key, service, withCondition(service.status?.conditions, condition, now));
  };

  const setConditions = async (
    key: string,
    service: Stored<Service>,
    conditions: Condition[],
  ): Promise<void> => {
    const status = { ...service.status, conditions };
    writes.wrote(key, services, await client.updateStatus(Service, { ...service, status }));
  };

  const after = inputs.synced.then(() => fill(inputs));
  const queue = createWorkQueue({ name: 'service-address', reconcile, concurrency: 1, after }, tools);
  services.onChange(({ type, object, previous }) => {
    const held = previous === undefined ? undefined : namedAddress(previous);
    if (type !== 'deleted') queue.add(keyOf(object));
    if (held === undefined || (type !== 'deleted' && namedAddress(object) === held)) return;
    allocator.release(held, keyOf(object));
    for (const other of services.list()) if (refusalOf(other) !== undefined) queue.add(keyOf(other));
  });
  return queue;
}

function refusalOf(service: Service): Condition | undefined {
  return conditionOf(service.status?.conditions, ADDRESS_CONDITION);
}

/** Who held an address before the restart holds it still; of two, the older service. */
function fill({ services, allocator }: ServiceAddressInputs): void {
  const age = (service: Stored<Service>): string => `${service.metadata.creationTimestamp} ${keyOf(service)}`;
  for (const service of services.list().toSorted((a, b) => (age(a) < age(b) ? -1 : 1))) {
    const held = namedAddress(service);
    if (held !== undefined && refusalOf(service) === undefined) allocator.claim(held, keyOf(service));
  }
}
