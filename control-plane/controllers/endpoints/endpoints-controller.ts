/** Keeps the EndpointSlices of every service with a selector, at once: traffic follows a pod's readiness. */
import { type Client, isReason } from '#api/client/client.ts';
import type { Informer } from '#api/client/informer.ts';
import { keyOf, splitKey } from '#api/client/object-cache.ts';
import { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Node } from '#api/kinds/node.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { carries } from '#api/kinds/selectors.ts';
import type { Service } from '#api/kinds/service.ts';
import { isPodReady } from '../pods.ts';
import { createOwnWrites } from '../queue/own-writes.ts';
import { createWorkQueue } from '../queue/work-queue.ts';
import { same } from '../same.ts';
import type { Running, Tools } from '../tools.ts';
import { managedSlices, planSlices, type SlicePlan } from './plan-slices.ts';

export interface EndpointsInputs {
  readonly client: Client;
  readonly services: Informer<Service>;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  /** With the index `service` (`namespace/name`, by `managedSlices`). */
  readonly slices: Informer<EndpointSlice>;
  readonly synced: Promise<unknown>;
}

export function startEndpoints(inputs: EndpointsInputs, tools: Tools): Running {
  const { client, services, pods, nodes, slices } = inputs;
  const writes = createOwnWrites();

  const reconcile = async (key: string): Promise<undefined> => {
    await writes.seen(key);
    const { namespace, name } = splitKey(key);
    const existing = slices.find('service', key);
    const service = services.get(namespace, name);
    const { selector } = service?.spec ?? {};
    if (service === undefined || selector === undefined || Object.keys(selector).length === 0)
      return carryOut(key, { create: [], update: [], remove: existing });
    const selected = pods.list(namespace).filter((pod) => carries(pod.metadata.labels ?? {}, selector));
    const nodeNamed = (node: string) => nodes.get(undefined, node);
    return carryOut(key, planSlices(service, selected, nodeNamed, existing));
  };

  /** What is new comes before what is old goes, so that no endpoint is missing in between. */
  const carryOut = async (key: string, plan: SlicePlan): Promise<undefined> => {
    await Promise.all([
      ...plan.create.map((slice) => write(key, client.create(EndpointSlice, slice))),
      ...plan.update.map((slice) => write(key, client.update(EndpointSlice, slice))),
    ]);
    await Promise.all(plan.remove.map((slice) => remove(key, slice)));
  };

  const write = async (key: string, written: Promise<Stored<EndpointSlice>>): Promise<void> =>
    writes.wrote(key, slices, await written);

  const remove = async (key: string, slice: Stored<EndpointSlice>): Promise<void> => {
    const { namespace, name, uid } = slice.metadata;
    await client.delete(EndpointSlice, namespace, name, { uid }).catch((error: unknown) => {
      if (!isReason(error, 'Conflict')) throw error;
    });
    writes.deleted(key, slices, slice);
  };

  const queue = createWorkQueue({ name: 'endpoints', reconcile, after: inputs.synced }, tools);
  services.onChange(({ object }) => queue.add(keyOf(object)));
  slices.onChange(({ object }) => {
    for (const key of managedSlices(object)) queue.add(key);
  });
  pods.onChange(({ type, object, previous }) => {
    if (type === 'updated' && previous !== undefined && same(matter(object), matter(previous))) return;
    for (const service of services.list(object.metadata.namespace))
      if (selects(service, object) || (previous !== undefined && selects(service, previous)))
        queue.add(keyOf(service));
  });
  nodes.onChange(({ type, object, previous }) => {
    if (type !== 'deleted' && same(object.metadata.labels, previous?.metadata.labels)) return;
    for (const service of services.list()) queue.add(keyOf(service));
  });
  return queue;
}

function selects(service: Service, pod: Pod): boolean {
  const { selector } = service.spec;
  return selector !== undefined && carries(pod.metadata.labels ?? {}, selector);
}

/** What of a pod its endpoint shows; most status writes change none of it. */
function matter(pod: Stored<Pod>): unknown {
  const { labels, deletionTimestamp, uid } = pod.metadata;
  const { podIP, phase } = pod.status ?? {};
  return [uid, labels, deletionTimestamp, podIP, phase, isPodReady(pod), pod.spec.nodeName];
}
