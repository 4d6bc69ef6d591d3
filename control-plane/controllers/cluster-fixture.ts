/**
 * A whole small cluster for tests: the API, every controller, and pods that become ready when the test says so. It runs
 * over the API in memory and over the real API with its SQLite store, so that both are held to the same stories.
 */
import type { Client } from '#api/client/client.ts';
import { changeObject } from '#api/client/retry-on-conflict.ts';
import { createLogger } from '#api/foundation/logger.ts';
import type { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import type { Deployment } from '#api/kinds/deployment.ts';
import type { Condition, Stored } from '#api/kinds/meta.ts';
import { Node } from '#api/kinds/node.ts';
import { Pod } from '#api/kinds/pod.ts';
import type { Service } from '#api/kinds/service.ts';
import { timestamp, withCondition } from './conditions.ts';
import { startControllers } from './controllers.ts';

export interface Cluster {
  readonly client: Client;
  readonly clock: ManualClock;
  /** Warnings that the controllers logged. */
  readonly warnings: string[];
  /** Ends the controllers and starts new ones over the same objects. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** An API to run the controllers over. */
export interface Api {
  readonly client: Client;
  readonly clock: ManualClock;
  close(): Promise<void>;
}

export async function openCluster(open: () => Promise<Api>, serviceCidr = '10.96.0.0/16'): Promise<Cluster> {
  const api = await open();
  const { client, clock } = api;
  const warnings: string[] = [];
  const logger = createLogger({ level: 'warn', write: (line) => warnings.push(line), wallMs: () => 0 });
  const start = () =>
    startControllers({ client, clock, logger, random: seededRandom(1), config: { serviceCidr } });
  let controllers = start();
  return {
    client,
    clock,
    warnings,
    async restart() {
      await controllers.close();
      controllers = start();
    },
    async close() {
      await controllers.close();
      await api.close();
    },
  };
}

export async function addNode(cluster: Cluster, name: string, more: Partial<Stored<Node>['metadata']> = {}) {
  await cluster.client.create(Node, { apiVersion: 'v1', kind: 'Node', metadata: { name, ...more } });
  await beat(cluster, name);
}

/** A heartbeat of a node, as its runtime posts it. */
export async function beat(cluster: Cluster, name: string): Promise<void> {
  const now = timestamp(cluster.clock.wallMs());
  const ready = { type: 'Ready', status: 'True', reason: 'Ready', lastHeartbeatTime: now } as const;
  const change = (node: Stored<Node>): Node => ({
    ...node,
    status: {
      ...node.status,
      allocatable: { cpu: '4', memory: '8Gi', pods: 110 },
      conditions: withCondition(node.status?.conditions, ready, now),
    },
  });
  await changeObject(cluster.client, { kind: Node, namespace: undefined, name, change }, 'status');
}

export function deployment(name: string, replicas: number, image = 'v1'): Deployment {
  const labels = { app: name };
  const spec = {
    containers: [{ name: 'app', image, command: ['run'], ports: [{ name: 'http', containerPort: 8080 }] }],
  };
  const template = { metadata: { labels }, spec };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: { replicas, selector: { matchLabels: labels }, template },
  } as unknown as Deployment;
}

export function service(name: string, spec: Partial<Service['spec']> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 'http' }], ...spec },
  } as unknown as Service;
}

export async function podsOf(cluster: Cluster, app?: string): Promise<Stored<Pod>[]> {
  const labelSelector = app === undefined ? undefined : `app=${app}`;
  const { items } = await cluster.client.list(Pod, { namespace: 'default', labelSelector });
  return items;
}

let addresses = 0;

/** What the node runtime would report of a pod that runs, ready or not. */
export async function report(cluster: Cluster, pod: Stored<Pod>, ready: boolean): Promise<void> {
  const now = timestamp(cluster.clock.wallMs());
  const status = ready ? 'True' : 'False';
  const conditions = (held: readonly Condition[] | undefined) =>
    ['ContainersReady', 'Ready'].reduce(
      (list, type) => withCondition(list, { type, status }, now),
      [...(held ?? [])],
    );
  const { namespace, name } = pod.metadata;
  addresses += 1;
  const podIP = `10.244.${addresses >> 8}.${addresses & 255}`;
  const change = (current: Stored<Pod>): Pod => ({
    ...current,
    status: {
      podIP,
      ...current.status,
      phase: 'Running',
      conditions: conditions(current.status?.conditions),
    },
  });
  await changeObject(cluster.client, { kind: Pod, namespace, name, change }, 'status');
}

/** Plays the node runtime until it is told to stop: what is bound gets ready, what goes is gone. */
export function playNode(cluster: Cluster): () => Promise<void> {
  let playing = true;
  const turn = async (): Promise<void> => {
    for (const pod of await podsOf(cluster)) {
      const ready = pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');
      const { namespace, name } = pod.metadata;
      if (pod.metadata.deletionTimestamp !== undefined)
        await cluster.client.delete(Pod, namespace, name, { gracePeriodSeconds: 0 });
      else if (pod.spec.nodeName !== undefined && !ready) await report(cluster, pod, true);
    }
    await new Promise((resolve) => setImmediate(resolve));
    if (playing) await turn();
  };
  const done = turn();
  return async () => {
    playing = false;
    await done;
  };
}
