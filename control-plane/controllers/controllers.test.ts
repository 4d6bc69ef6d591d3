import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { changeObject } from '#api/client/retry-on-conflict.ts';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { Deployment } from '#api/kinds/deployment.ts';
import { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import { Event } from '#api/kinds/event.ts';
import type { Stored } from '#api/kinds/meta.ts';
import { Namespace } from '#api/kinds/namespace.ts';
import { Node } from '#api/kinds/node.ts';
import { Pod } from '#api/kinds/pod.ts';
import { ReplicaSet } from '#api/kinds/replica-set.ts';
import { Service, vipOf } from '#api/kinds/service.ts';
import { ServiceAccount } from '#api/kinds/service-account.ts';
import { ServiceEntry } from '#api/kinds/service-entry.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { until as eventually } from '#test/support/until.ts';
import { openRegistry } from '../apiserver/registry/registry-fixture.ts';
import {
  type Api,
  addNode,
  beat,
  type Cluster,
  deployment,
  openCluster,
  playNode,
  podsOf,
  report,
  service,
} from './cluster-fixture.ts';

const ns = 'default';

async function inMemory(): Promise<Api> {
  const clock = new ManualClock();
  const client = new MemoryClient(clock);
  await client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ns } });
  return { client, clock, close: async () => {} };
}

const APIS: readonly { name: string; open: () => Promise<Api> }[] = [
  { name: 'the API in memory', open: inMemory },
  { name: 'the API server and its store', open: openRegistry },
];

describe.each(APIS)('over $name', ({ open }) => {
  let cluster: Cluster;

  beforeEach(async () => {
    cluster = await openCluster(open);
  });
  afterEach(async () => {
    await cluster.close();
  });

  /** Time passes while a test waits, for what tries again after a moment. */
  const until = (predicate: () => boolean | Promise<boolean>, stepMs = 1) =>
    eventually(predicate, () => cluster.clock.advance(stepMs));
  const sets = async () => (await cluster.client.list(ReplicaSet, { namespace: ns })).items;
  const slices = async () => (await cluster.client.list(EndpointSlice, { namespace: ns })).items;
  const web = async () => (await cluster.client.get(Deployment, ns, 'web')) as Stored<Deployment>;
  const edit = (change: (spec: Deployment['spec']) => Deployment['spec']) =>
    changeObject(cluster.client, {
      kind: Deployment,
      namespace: ns,
      name: 'web',
      change: (current) => ({ ...current, spec: change(current.spec) }),
    });
  const complete = async () => {
    const { spec, status, metadata } = await web();
    return (
      status?.observedGeneration === metadata.generation &&
      status?.updatedReplicas === spec.replicas &&
      status?.replicas === spec.replicas &&
      status?.availableReplicas === spec.replicas
    );
  };
  const reason = async (type: string) =>
    (await web()).status?.conditions?.find((condition) => condition.type === type)?.reason;
  const images = async () => (await podsOf(cluster)).map((pod) => pod.spec.containers[0]?.image).join(' ');
  const setImage = (image: string) =>
    edit((spec) => {
      const containers = spec.template.spec.containers.map((container) => ({ ...container, image }));
      return { ...spec, template: { ...spec.template, spec: { ...spec.template.spec, containers } } };
    });

  test('a deployment becomes a replica set, pods, bound pods, and says that it is complete', async () => {
    await addNode(cluster, 'n1');
    await cluster.client.create(Deployment, deployment('web', 3));
    const stop = playNode(cluster);
    await until(complete);
    await stop();
    const [set] = await sets();
    const hash = set?.metadata.labels?.['pod-template-hash'];
    expect(set?.metadata).toMatchObject({
      name: `web-${hash}`,
      annotations: { 'deployment.kubernetes.io/revision': '1' },
      ownerReferences: [{ kind: 'Deployment', name: 'web', controller: true, blockOwnerDeletion: true }],
    });
    const pods = await podsOf(cluster);
    expect(pods).toHaveLength(3);
    for (const pod of pods) {
      expect(pod.metadata.name).toMatch(new RegExp(`^web-${hash}-[a-z0-9]{5}$`));
      expect(pod.metadata.labels).toEqual({ app: 'web', 'pod-template-hash': hash });
      expect(pod.spec.nodeName).toBe('n1');
      expect(pod.status?.conditions).toContainEqual(
        expect.objectContaining({ type: 'PodScheduled', status: 'True' }),
      );
    }
    await until(async () => (await reason('Progressing')) === 'NewReplicaSetAvailable');
    expect(await reason('Available')).toBe('MinimumReplicasAvailable');
    expect((await web()).metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('1');
    expect(cluster.warnings).toEqual([]);
  });

  test('a rolling update replaces the pods, keeps the old set, and can be taken back', async () => {
    await addNode(cluster, 'n1');
    await cluster.client.create(Deployment, deployment('web', 4));
    const stop = playNode(cluster);
    await until(complete);
    await setImage('v2');
    await until(async () => (await complete()) && (await images()) === 'v2 v2 v2 v2');
    await setImage('v1');
    await until(async () => (await complete()) && (await images()) === 'v1 v1 v1 v1');
    await stop();
    const revisions = (await sets()).map(
      (set) => set.metadata.annotations?.['deployment.kubernetes.io/revision'],
    );
    expect(revisions.sort()).toEqual(['2', '3']);
  });

  test('Recreate ends the old pods before it makes new ones', async () => {
    await addNode(cluster, 'n1');
    const recreate = deployment('web', 2);
    recreate.spec.strategy = { type: 'Recreate' };
    await cluster.client.create(Deployment, recreate);
    const stop = playNode(cluster);
    await until(complete);
    await stop();
    await setImage('v2');
    await until(async () =>
      (await podsOf(cluster)).every((pod) => pod.metadata.deletionTimestamp !== undefined),
    );
    expect(await images()).toBe('v1 v1');
    const again = playNode(cluster);
    await until(async () => (await complete()) && (await podsOf(cluster)).length === 2);
    await again();
    expect(await images()).toBe('v2 v2');
  });

  test('a rollout that cannot become ready says so when its deadline has passed', async () => {
    await addNode(cluster, 'n1');
    await cluster.client.create(Deployment, deployment('web', 1));
    await until(
      async () => (await podsOf(cluster)).length === 1 && (await reason('Progressing')) !== undefined,
    );
    await until(async () => (await reason('Progressing')) === 'ProgressDeadlineExceeded', 60_000);
    expect(await reason('Available')).toBe('MinimumReplicasUnavailable');
  });

  test('scaling down deletes the pods that do not serve first', async () => {
    await addNode(cluster, 'n1');
    await cluster.client.create(Deployment, deployment('web', 3));
    await until(async () => (await podsOf(cluster)).filter((pod) => pod.spec.nodeName).length === 3);
    const [serving] = await podsOf(cluster);
    await report(cluster, serving as Stored<Pod>, true);
    await until(async () => (await web()).status?.readyReplicas === 1);
    await edit((spec) => ({ ...spec, replicas: 1 }));
    const left = async () =>
      (await podsOf(cluster)).filter((pod) => pod.metadata.deletionTimestamp === undefined);
    await until(async () => (await left()).length === 1);
    expect((await left())[0]?.metadata.name).toBe(serving?.metadata.name);
  });

  test('a lost pod is replaced once, also across a restart of the controllers', async () => {
    await addNode(cluster, 'n1');
    await cluster.client.create(Deployment, deployment('web', 2));
    await until(async () => (await podsOf(cluster)).length === 2);
    const [lost] = await podsOf(cluster);
    await cluster.client.delete(Pod, ns, lost?.metadata.name ?? '', { gracePeriodSeconds: 0 });
    await cluster.restart();
    const stop = playNode(cluster);
    await until(complete);
    await stop();
    expect(await podsOf(cluster)).toHaveLength(2);
  });

  test('an orphan that matches is adopted and counted', async () => {
    await addNode(cluster, 'n1');
    await cluster.client.create(Deployment, deployment('web', 1));
    await until(async () => (await podsOf(cluster)).length === 1);
    const [owned] = (await podsOf(cluster)) as [Stored<Pod>];
    const metadata = { name: 'stray', namespace: ns, labels: owned.metadata.labels ?? {} };
    await cluster.client.create(Pod, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: deployment('web', 1).spec.template.spec,
    });
    const going = async () =>
      (await podsOf(cluster)).filter((pod) => pod.metadata.deletionTimestamp === undefined);
    await until(async () => {
      const [set] = await sets();
      return set?.status?.replicas === 1 && (await going()).length === 1;
    });
    expect((await going())[0]?.metadata.ownerReferences?.[0]?.kind).toBe('ReplicaSet');
  });

  test('a pod whose labels change is let go, and replaced', async () => {
    await addNode(cluster, 'n1');
    await cluster.client.create(Deployment, deployment('web', 1));
    await until(async () => (await podsOf(cluster)).length === 1);
    const [pod] = (await podsOf(cluster)) as [Stored<Pod>];
    const { name } = pod.metadata;
    const change = (current: Stored<Pod>): Pod => ({
      ...current,
      metadata: { ...current.metadata, labels: { app: 'examined' } },
    });
    await changeObject(cluster.client, { kind: Pod, namespace: ns, name, change });
    await until(async () => (await podsOf(cluster, 'web')).length === 1);
    const owners = async () => (await cluster.client.get(Pod, ns, name))?.metadata.ownerReferences ?? [];
    await until(async () => (await owners()).length === 0);
    expect((await podsOf(cluster, 'web'))[0]?.metadata.name).not.toBe(name);
  });

  test('a pod that fits nowhere says why, and is bound when it fits', async () => {
    const picky = deployment('web', 1);
    picky.spec.template.spec.nodeSelector = { disk: 'fast' };
    await cluster.client.create(Deployment, picky);
    const message = async () =>
      (await podsOf(cluster))[0]?.status?.conditions?.find((c) => c.type === 'PodScheduled')?.message;
    await until(async () => (await message()) !== undefined);
    expect(await message()).toBe('0/0 nodes are available: no nodes are registered.');
    await addNode(cluster, 'slow');
    await until(async () => (await message())?.includes("didn't match") === true);
    const told = async () => (await cluster.client.list(Event, { namespace: ns })).items;
    await until(async () => (await told()).some((event) => event.reason === 'FailedScheduling'));
    await addNode(cluster, 'fast', { labels: { disk: 'fast' } });
    await until(async () => (await podsOf(cluster))[0]?.spec.nodeName === 'fast');
  });

  test('pods spread over the nodes', async () => {
    await addNode(cluster, 'n1');
    await addNode(cluster, 'n2');
    await cluster.client.create(Deployment, deployment('web', 6));
    await until(async () => (await podsOf(cluster)).filter((pod) => pod.spec.nodeName).length === 6);
    const nodes = (await podsOf(cluster)).map((pod) => pod.spec.nodeName).sort();
    expect(nodes).toEqual(['n1', 'n1', 'n1', 'n2', 'n2', 'n2']);
  });

  test('services get different addresses and keep them across a restart', async () => {
    const names = ['a', 'b', 'c'];
    for (const name of names) await cluster.client.create(Service, service(name));
    const addresses = async () =>
      Promise.all(names.map(async (name) => (await cluster.client.get(Service, ns, name))?.spec.clusterIP));
    await until(async () => (await addresses()).every((address) => address !== undefined));
    const given = await addresses();
    expect(new Set(given).size).toBe(3);
    await cluster.restart();
    await cluster.client.create(Service, service('d'));
    await until(async () => (await cluster.client.get(Service, ns, 'd'))?.spec.clusterIP !== undefined);
    expect(await addresses()).toEqual(given);
    const d = await cluster.client.get(Service, ns, 'd');
    expect(given).not.toContain(d?.spec.clusterIP);
    expect(d?.spec).toMatchObject({
      clusterIPs: [d?.spec.clusterIP],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    });
  });

  test('hosts of ServiceEntries get different addresses and keep them across a restart', async () => {
    const entry = (name: string) => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry' as const,
      metadata: { name, namespace: ns },
      spec: {
        hosts: [`${name}.example.com`],
        ports: [{ number: 443, name: 'tls', protocol: 'TLS' }],
        location: 'MESH_EXTERNAL' as const,
        resolution: 'DNS' as const,
      },
    });
    const given = async (name: string) =>
      (await cluster.client.get(ServiceEntry, ns, name))?.status?.addresses?.[0];
    await cluster.client.create(ServiceEntry, entry('a'));
    await until(async () => (await given('a')) !== undefined);
    const first = await given('a');
    expect(first).toEqual({ host: 'a.example.com', value: expect.stringMatching(/^240\.240\./) });
    await cluster.restart();
    await cluster.client.create(ServiceEntry, entry('b'));
    await until(async () => (await given('b')) !== undefined);
    expect(await given('a')).toEqual(first);
    expect((await given('b'))?.value).not.toBe(first?.value);
  });

  test.each([
    { address: '10.96.7.7', why: 'belongs to the service default/first' },
    { address: '10.1.0.1', why: 'outside' },
    { address: '10.96.0.1', why: 'reserved' },
  ])('the address $address is refused in words: $why', async ({ address, why }) => {
    await cluster.client.create(Service, service('first', { clusterIP: '10.96.7.7' }));
    await until(async () => (await cluster.client.get(Service, ns, 'first'))?.spec.ipFamilies !== undefined);
    await cluster.client.create(Service, service('second', { clusterIP: address }));
    const second = async () => (await cluster.client.get(Service, ns, 'second')) as Stored<Service>;
    const refusal = async () => (await second()).status?.conditions?.[0];
    await until(async () => (await refusal()) !== undefined);
    expect(await refusal()).toMatchObject({ status: 'False', message: expect.stringContaining(why) });
    expect(vipOf(await second())).toBeUndefined();
    expect(vipOf((await cluster.client.get(Service, ns, 'first')) as Stored<Service>)).toBe('10.96.7.7');
  });

  test('an address that was refused is granted when its owner goes', async () => {
    await cluster.client.create(Service, service('first', { clusterIP: '10.96.7.7' }));
    await until(async () => (await cluster.client.get(Service, ns, 'first'))?.spec.ipFamilies !== undefined);
    await cluster.client.create(Service, service('second', { clusterIP: '10.96.7.7' }));
    const second = async () => (await cluster.client.get(Service, ns, 'second')) as Stored<Service>;
    await until(async () => ((await second()).status?.conditions ?? []).length === 1);
    await cluster.client.delete(Service, ns, 'first');
    await until(async () => vipOf(await second()) === '10.96.7.7');
    await until(async () => (await second()).spec.ipFamilies !== undefined);
  });

  test('endpoints follow the readiness of pods', async () => {
    await addNode(cluster, 'n1', { labels: { 'topology.kubernetes.io/zone': 'z1' } });
    await cluster.client.create(Service, service('web'));
    await cluster.client.create(Deployment, deployment('web', 1));
    await until(async () => (await podsOf(cluster))[0]?.spec.nodeName !== undefined);
    const [pod] = (await podsOf(cluster)) as [Stored<Pod>];
    const endpoints = async () => (await slices()).flatMap((slice) => slice.endpoints);
    const ready = async () => (await endpoints()).map((endpoint) => endpoint.conditions?.ready);
    await report(cluster, pod, false);
    await until(async () => (await ready())[0] === false);
    await report(cluster, pod, true);
    await until(async () => (await ready())[0] === true);
    await until(async () => (await slices()).length === 1);
    const [slice] = await slices();
    expect(slice).toMatchObject({
      metadata: {
        labels: {
          'kubernetes.io/service-name': 'web',
          'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        },
      },
      ports: [{ name: '', port: 8080, protocol: 'TCP' }],
      endpoints: [
        { nodeName: 'n1', zone: 'z1', conditions: { ready: true, serving: true, terminating: false } },
      ],
    });
    const labels = { 'topology.kubernetes.io/zone': 'z2' };
    await cluster.client.patch(Node, undefined, 'n1', { metadata: { labels } });
    await until(async () => (await endpoints())[0]?.zone === 'z2');
    await cluster.client.delete(Pod, ns, pod.metadata.name);
    await until(async () =>
      (await endpoints()).some((e) => e.conditions?.terminating === true && e.conditions.ready === false),
    );
    await cluster.restart();
    await cluster.client.delete(Pod, ns, pod.metadata.name, { gracePeriodSeconds: 0 });
    await until(async () => (await endpoints()).length === 0);
    expect((await slices()).length).toBe(1);
    await cluster.client.delete(Service, ns, 'web');
    await until(async () => (await slices()).length === 0);
  });

  test.each([
    { policy: 'Background' as const, sets: 0, pods: 0 },
    { policy: 'Foreground' as const, sets: 0, pods: 0 },
    { policy: 'Orphan' as const, sets: 1, pods: 2 },
  ])('deleting a deployment with policy $policy leaves $sets sets and $pods pods', async (expected) => {
    await addNode(cluster, 'n1');
    await cluster.client.create(Deployment, deployment('web', 2));
    const stop = playNode(cluster);
    await until(complete);
    await cluster.client.delete(Deployment, ns, 'web', { propagationPolicy: expected.policy });
    await until(async () => (await cluster.client.get(Deployment, ns, 'web')) === undefined);
    await until(
      async () => (await sets()).length === expected.sets && (await podsOf(cluster)).length === expected.pods,
    );
    await stop();
    if (expected.sets > 0) expect((await sets())[0]?.metadata.ownerReferences ?? []).toEqual([]);
  });

  test('a namespace that is deleted is emptied and goes', async () => {
    await cluster.client.create(Namespace, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop' },
    });
    await until(async () => (await cluster.client.get(ServiceAccount, 'shop', 'default')) !== undefined);
    const there = deployment('web', 2);
    there.metadata.namespace = 'shop';
    await cluster.client.create(Deployment, there);
    await until(async () => (await cluster.client.list(Pod, { namespace: 'shop' })).items.length === 2);
    await cluster.client.delete(Namespace, undefined, 'shop');
    await until(async () => (await cluster.client.get(Namespace, undefined, 'shop')) === undefined);
    expect((await cluster.client.list(Pod, { namespace: 'shop' })).items).toEqual([]);
    expect((await cluster.client.list(Deployment, { namespace: 'shop' })).items).toEqual([]);
  });

  test('every namespace has its default account, again after it was deleted', async () => {
    const account = () => cluster.client.get(ServiceAccount, ns, 'default');
    await until(async () => (await account()) !== undefined);
    await cluster.client.delete(ServiceAccount, ns, 'default');
    await until(async () => (await account()) !== undefined);
  });

  test('a node that falls silent takes its pods out of service until it speaks again', async () => {
    await addNode(cluster, 'n1');
    await cluster.client.create(Service, service('web'));
    await cluster.client.create(Deployment, deployment('web', 1));
    await until(async () => (await podsOf(cluster))[0]?.spec.nodeName !== undefined);
    await report(cluster, (await podsOf(cluster))[0] as Stored<Pod>, true);
    const ready = async () =>
      (await slices()).flatMap((slice) => slice.endpoints.map((e) => e.conditions?.ready));
    await until(async () => (await ready())[0] === true);
    for (let beats = 0; beats < 6; beats += 1) {
      cluster.clock.advance(10_000);
      await beat(cluster, 'n1');
      await until(async () => (await ready())[0] === true);
    }
    await until(async () => (await ready())[0] === false, 1_000);
    const condition = (await cluster.client.get(Node, undefined, 'n1'))?.status?.conditions?.[0];
    expect(condition).toMatchObject({ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' });
    await beat(cluster, 'n1');
    await until(async () => (await ready())[0] === true);
  });

  test('pods of a node that is gone for good are deleted, after a time for it to come back', async () => {
    await addNode(cluster, 'n1');
    await cluster.client.create(Deployment, deployment('web', 1));
    await until(async () => (await podsOf(cluster))[0]?.spec.nodeName === 'n1');
    const [before] = (await podsOf(cluster)) as [Stored<Pod>];
    await cluster.client.delete(Node, undefined, 'n1');
    const goneMs = cluster.clock.nowMs();
    await until(async () => (await cluster.client.get(Pod, ns, before.metadata.name)) === undefined, 1_000);
    expect(cluster.clock.nowMs() - goneMs).toBeGreaterThanOrEqual(40_000);
  });
});
