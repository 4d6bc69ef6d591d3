import type { Client } from '#api/client/client.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import { startDeployments } from './deployment/deployment-controller.ts';
import { startEndpoints } from './endpoints/endpoints-controller.ts';
import { startEntryAddresses } from './entry-address/entry-address-controller.ts';
import { createEntryAddresses } from './entry-address/entry-addresses.ts';
import { startDefaultAccounts } from './garbage/default-accounts.ts';
import { startDependents } from './garbage/dependents-controller.ts';
import { startNamespaces } from './garbage/namespace-controller.ts';
import { startStrandedPods } from './garbage/stranded-pods.ts';
import { createInformers } from './informers.ts';
import { startNodeLifecycle } from './node-lifecycle/node-lifecycle-controller.ts';
import { startReplicaSets } from './replica-set/replica-set-controller.ts';
import { startScheduler } from './scheduler/scheduler.ts';
import { createAllocator } from './service-address/allocator.ts';
import { startServiceAddresses } from './service-address/service-address-controller.ts';
import type { Running, Tools } from './tools.ts';

export interface ControllersOptions extends Tools {
  readonly client: Client;
  readonly config: Pick<MeshConfig, 'serviceCidr'>;
}

/** Starts every controller. They share one cache of each kind and know nothing of one another. */
export function startControllers({ client, config, ...tools }: ControllersOptions): Running {
  const caches = createInformers(client, tools);
  const { deployments, replicaSets, pods, nodes, services, slices, namespaces, serviceAccounts } = caches;
  const { all: informers, synced, serviceEntries } = caches;
  const allocator = createAllocator(config.serviceCidr);
  const running: readonly Running[] = [
    startDeployments({ client, synced, deployments, replicaSets, pods }, tools),
    startReplicaSets({ client, synced, replicaSets, pods }, tools),
    startScheduler({ client, synced, pods, nodes }, tools),
    startServiceAddresses({ client, synced, services, allocator }, tools),
    startEntryAddresses({ client, synced, serviceEntries, addresses: createEntryAddresses() }, tools),
    startEndpoints({ client, synced, services, pods, nodes, slices }, tools),
    startDependents({ client, synced, informers }, tools),
    startNamespaces({ client, synced, namespaces, informers }, tools),
    startDefaultAccounts({ client, synced, namespaces, serviceAccounts }, tools),
    startStrandedPods({ client, synced, pods, nodes }, tools),
    startNodeLifecycle({ client, synced, nodes, pods }, tools),
  ];
  caches.start();
  return {
    async close() {
      const closed = running.map((controller) => controller.close());
      caches.stop();
      await Promise.all(closed);
    },
  };
}
