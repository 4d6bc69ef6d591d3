import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client, WatchEvent } from '#api/client/client.ts';
import { ConfigMap } from '#api/kinds/config-map.ts';
import { Deployment } from '#api/kinds/deployment.ts';
import type { KubeObject } from '#api/kinds/meta.ts';
import { Namespace } from '#api/kinds/namespace.ts';
import { Pod } from '#api/kinds/pod.ts';
import { Secret } from '#api/kinds/secret.ts';
import { Service } from '#api/kinds/service.ts';
import { openRegistry, type RegistryFixture } from './registry-fixture.ts';

let fixture: RegistryFixture;
let client: Client;
beforeEach(async () => {
  fixture = await openRegistry();
  client = fixture.client;
});
afterEach(() => fixture.close());

function configMap(name: string, data: Record<string, string> = {}): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data };
}

function pod(name: string, more: { spec?: object; metadata?: object } = {}): Pod {
  return Pod.schema.parse({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', ...more.metadata },
    spec: { containers: [{ name: 'app', command: ['sleep'] }], ...more.spec },
  });
}

function deployment(name: string): Deployment {
  return Deployment.schema.parse({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app' }] } },
    },
  });
}

async function take<T extends KubeObject>(events: AsyncIterable<WatchEvent<T>>, count: number) {
  const taken: string[] = [];
  for await (const event of events) {
    taken.push(
      event.type === 'BOOKMARK'
        ? `BOOKMARK ${event.resourceVersion}`
        : `${event.type} ${event.object.metadata.name}`,
    );
    if (taken.length === count) break;
  }
  return taken;
}

const watching = (resourceVersion: string, more: object = {}) => ({
  resourceVersion,
  signal: new AbortController().signal,
  ...more,
});

describe('creating', () => {
  it('gives the object what the server owns', async () => {
    const made = await client.create(Deployment, deployment('web'));
    expect(made.metadata).toMatchObject({
      name: 'web',
      namespace: 'default',
      uid: expect.stringMatching(/^uid-/),
      generation: 1,
      creationTimestamp: '2023-11-14T22:13:20Z',
      resourceVersion: expect.stringMatching(/^\d+$/),
    });
    expect(await client.get(Deployment, 'default', 'web')).toEqual(made);
  });

  it('strips what only the server may say', async () => {
    const sneaky = {
      ...pod('p'),
      metadata: { name: 'p', namespace: 'default', uid: 'mine', deletionTimestamp: '2020-01-01T00:00:00Z' },
      status: { phase: 'Running' as const },
    };
    const made = await client.create(Pod, sneaky);
    expect(made.metadata.uid).not.toBe('mine');
    expect(made.metadata.deletionTimestamp).toBeUndefined();
    expect(made.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
  });

  it('generates names', async () => {
    const named = await client.create(ConfigMap, {
      ...configMap(''),
      metadata: { namespace: 'default', generateName: 'job-' },
    });
    expect(named.metadata.name).toMatch(/^job-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  it('moves stringData of a secret into data', async () => {
    const made = await client.create(Secret, {
      ...configMap('s'),
      kind: 'Secret',
      type: 'Opaque',
      data: { a: 'eA==' },
      stringData: { b: 'plain' },
    });
    expect(made.data).toEqual({ a: 'eA==', b: 'cGxhaW4=' });
    expect(made.stringData).toBeUndefined();
  });

  it('leaves nothing behind on a dry run', async () => {
    const rehearsed = await client.create(ConfigMap, configMap('a'), { dryRun: true });
    expect(rehearsed.metadata.uid).toBeDefined();
    expect(await client.get(ConfigMap, 'default', 'a')).toBeUndefined();
  });

  const refusals: { name: string; reason: string; create: (c: Client) => Promise<unknown> }[] = [
    {
      name: 'a name that is taken',
      reason: 'AlreadyExists',
      create: async (c) => {
        await c.create(ConfigMap, configMap('a'));
        return c.create(ConfigMap, configMap('a'));
      },
    },
    {
      name: 'a namespace that does not exist',
      reason: 'NotFound',
      create: (c) =>
        c.create(ConfigMap, { ...configMap('a'), metadata: { name: 'a', namespace: 'nowhere' } }),
    },
    {
      name: 'a namespace that is being deleted',
      reason: 'Forbidden',
      create: async (c) => {
        const namespace = { apiVersion: 'v1', kind: 'Namespace' as const, metadata: { name: 'going' } };
        await c.create(Namespace, namespace);
        await c.delete(Namespace, undefined, 'going');
        return c.create(ConfigMap, { ...configMap('a'), metadata: { name: 'a', namespace: 'going' } });
      },
    },
    {
      name: 'no namespace',
      reason: 'BadRequest',
      create: (c) => c.create(ConfigMap, { ...configMap('a'), metadata: { name: 'a' } }),
    },
    {
      name: 'a resourceVersion',
      reason: 'BadRequest',
      create: (c) =>
        c.create(ConfigMap, {
          ...configMap('a'),
          metadata: { name: 'a', namespace: 'default', resourceVersion: '5' },
        }),
    },
    {
      name: 'another kind',
      reason: 'BadRequest',
      create: (c) => c.create(ConfigMap, { ...configMap('a'), kind: 'Secret' as 'ConfigMap' }),
    },
    {
      name: 'a version that is not served',
      reason: 'BadRequest',
      create: (c) => c.create(ConfigMap, { ...configMap('a'), apiVersion: 'v2' }),
    },
  ];
  it.each(refusals)('refuses $name', async ({ reason, create }) => {
    await expect(create(client)).rejects.toMatchObject({ reason });
  });

  it('lists every mistake with its path', async () => {
    const bad = { ...deployment('Bad_Name'), spec: { replicas: -1, selectr: {} } } as unknown as Deployment;
    const error = await client.create(Deployment, bad).catch((e: unknown) => e);
    expect(error).toMatchObject({ reason: 'Invalid', code: 422 });
    const { status } = error as { status: { details: { causes: { field: string }[] } } };
    expect(status.details.causes.map((cause) => cause.field).toSorted()).toEqual([
      'spec.replicas',
      'spec.selector',
      'spec.selectr',
      'spec.template',
    ]);
  });
});

describe('updating', () => {
  it('replaces the object and raises the generation only when the wish changes', async () => {
    const made = await client.create(Deployment, deployment('web'));
    const labelled = await client.update(Deployment, {
      ...made,
      metadata: { ...made.metadata, labels: { team: 'a' } },
    });
    expect(labelled.metadata.generation).toBe(1);
    const scaled = await client.update(Deployment, { ...labelled, spec: { ...made.spec, replicas: 3 } });
    expect(scaled.metadata).toMatchObject({ generation: 2, labels: { team: 'a' }, uid: made.metadata.uid });
    expect(Number(scaled.metadata.resourceVersion)).toBeGreaterThan(
      Number(labelled.metadata.resourceVersion),
    );
  });

  it('writes nothing when nothing changes', async () => {
    const made = await client.create(Deployment, deployment('web'));
    const again = await client.update(Deployment, made);
    const patched = await client.patch(Deployment, 'default', 'web', { spec: { replicas: 1 } });
    expect(again.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
    expect(patched.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
  });

  it('refuses an old resourceVersion with Conflict, and takes an update without one', async () => {
    const made = await client.create(ConfigMap, configMap('a', { k: '1' }));
    await client.update(ConfigMap, { ...made, data: { k: '2' } });
    await expect(client.update(ConfigMap, { ...made, data: { k: '3' } })).rejects.toMatchObject({
      reason: 'Conflict',
      code: 409,
    });
    expect((await client.update(ConfigMap, configMap('a', { k: '4' }))).data).toEqual({ k: '4' });
  });

  it('keeps status and spec apart', async () => {
    const made = await client.create(Deployment, deployment('web'));
    const ready = await client.updateStatus(Deployment, {
      ...made,
      spec: { ...made.spec, replicas: 9 },
      status: { readyReplicas: 1 },
    });
    expect(ready.spec.replicas).toBe(1);
    expect(ready.status).toEqual({ readyReplicas: 1 });
    const scaled = await client.update(Deployment, {
      ...ready,
      spec: { ...ready.spec, replicas: 2 },
      status: { readyReplicas: 7 },
    });
    expect(scaled.status).toEqual({ readyReplicas: 1 });
    const patched = await client.patch(
      Deployment,
      'default',
      'web',
      { spec: { replicas: 9 }, status: { readyReplicas: 2 } },
      { subresource: 'status' },
    );
    expect([patched.spec.replicas, patched.status?.readyReplicas]).toEqual([2, 2]);
  });

  it('scales through the scale subresource', async () => {
    await client.create(Deployment, deployment('web'));
    const scale = await client.patch(
      Deployment,
      'default',
      'web',
      { spec: { replicas: 4 } },
      { subresource: 'scale' },
    );
    expect(scale).toMatchObject({ kind: 'Scale', spec: { replicas: 4 }, status: { selector: 'app=web' } });
    expect((await client.get(Deployment, 'default', 'web'))?.spec.replicas).toBe(4);
    await expect(
      client.patch(Deployment, 'default', 'web', { spec: { replicas: -1 } }, { subresource: 'scale' }),
    ).rejects.toMatchObject({ reason: 'Invalid' });
  });

  it('lets concurrent patches without a version all take effect', async () => {
    await client.create(ConfigMap, configMap('a'));
    await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        client.patch(ConfigMap, 'default', 'a', { data: { [`k${i}`]: 'v' } }),
      ),
    );
    expect(Object.keys((await client.get(ConfigMap, 'default', 'a'))?.data ?? {})).toHaveLength(10);
  });

  it('keeps the address of a service that a manifest leaves out', async () => {
    const service = Service.schema.parse({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: { ports: [{ port: 80 }] },
    });
    await client.create(Service, service);
    await client.patch(Service, 'default', 'web', { spec: { clusterIP: '10.96.0.7' } });
    expect((await client.update(Service, service)).spec.clusterIP).toBe('10.96.0.7');
    await expect(
      client.patch(Service, 'default', 'web', { spec: { clusterIP: '10.96.0.8' } }),
    ).rejects.toMatchObject({ reason: 'Invalid' });
  });

  const refused: { name: string; attempt: (c: Client) => Promise<unknown> }[] = [
    {
      name: "a pod's containers",
      attempt: async (c) => {
        await c.create(Pod, pod('p'));
        return c.patch(Pod, 'default', 'p', { spec: { containers: [{ name: 'other' }] } });
      },
    },
    {
      name: "a pod's node, once bound",
      attempt: async (c) => {
        await c.create(Pod, pod('p'));
        await c.patch(Pod, 'default', 'p', { spec: { nodeName: 'one' } });
        return c.patch(Pod, 'default', 'p', { spec: { nodeName: 'two' } });
      },
    },
    {
      name: "a deployment's selector",
      attempt: async (c) => {
        await c.create(Deployment, deployment('web'));
        return c.patch(Deployment, 'default', 'web', {
          spec: {
            selector: { matchLabels: { tier: 'x' } },
            template: { metadata: { labels: { tier: 'x' } } },
          },
        });
      },
    },
    {
      name: 'an immutable config map',
      attempt: async (c) => {
        await c.create(ConfigMap, { ...configMap('a', { k: '1' }), immutable: true });
        return c.patch(ConfigMap, 'default', 'a', { data: { k: '2' } });
      },
    },
  ];
  it.each(refused)('refuses to change $name', async ({ attempt }) => {
    await expect(attempt(client)).rejects.toMatchObject({ reason: 'Invalid' });
  });

  it('refuses to let an object grow beyond what can be stored', async () => {
    await client.create(Deployment, deployment('web'));
    const grow = (key: string) =>
      client.patch(Deployment, 'default', 'web', {
        metadata: { annotations: { [key]: 'x'.repeat(900_000) } },
      });
    await grow('one');
    await expect(grow('two')).rejects.toMatchObject({ reason: 'RequestEntityTooLarge', code: 413 });
  });

  it('says NotFound for an object that is not there', async () => {
    await expect(client.update(ConfigMap, configMap('nobody'))).rejects.toMatchObject({ reason: 'NotFound' });
  });
});

describe('deleting', () => {
  it('says whether the object was there', async () => {
    await client.create(ConfigMap, configMap('a'));
    expect(await client.delete(ConfigMap, 'default', 'a')).toBe(true);
    expect(await client.delete(ConfigMap, 'default', 'a')).toBe(false);
  });

  it('refuses another uid', async () => {
    await client.create(ConfigMap, configMap('a'));
    await expect(client.delete(ConfigMap, 'default', 'a', { uid: 'another' })).rejects.toMatchObject({
      reason: 'Conflict',
    });
  });

  it('waits for finalizers, and goes with the last one', async () => {
    await client.create(ConfigMap, {
      ...configMap('a'),
      metadata: { name: 'a', namespace: 'default', finalizers: ['example.com/hold'] },
    });
    await client.delete(ConfigMap, 'default', 'a');
    const held = await client.get(ConfigMap, 'default', 'a');
    expect(held?.metadata.deletionTimestamp).toBe('2023-11-14T22:13:20Z');
    await expect(
      client.patch(ConfigMap, 'default', 'a', { metadata: { finalizers: ['example.com/hold', 'new/one'] } }),
    ).rejects.toMatchObject({ reason: 'Invalid' });
    await client.patch(ConfigMap, 'default', 'a', { metadata: { finalizers: null } });
    expect(await client.get(ConfigMap, 'default', 'a')).toBeUndefined();
  });

  it('removes a pod without a node at once', async () => {
    await client.create(Pod, pod('p'));
    await client.delete(Pod, 'default', 'p');
    expect(await client.get(Pod, 'default', 'p')).toBeUndefined();
  });

  it('lets a pod on a node go when the node runtime has stopped it', async () => {
    await client.create(Pod, pod('p', { spec: { nodeName: 'n', terminationGracePeriodSeconds: 20 } }));
    await client.delete(Pod, 'default', 'p');
    const leaving = await client.get(Pod, 'default', 'p');
    expect(leaving?.metadata).toMatchObject({
      deletionTimestamp: '2023-11-14T22:13:40Z',
      deletionGracePeriodSeconds: 20,
    });
    await client.updateStatus(Pod, { ...(leaving as Pod), status: { phase: 'Succeeded' } });
    expect(await client.get(Pod, 'default', 'p')).toBeDefined();
    await client.delete(Pod, 'default', 'p', { gracePeriodSeconds: 0 });
    expect(await client.get(Pod, 'default', 'p')).toBeUndefined();
  });

  it('shortens a grace period, never lengthens it, and a repeated request writes nothing', async () => {
    await client.create(Pod, pod('p', { spec: { nodeName: 'n' } }));
    const graceAfter = async (seconds: number) => {
      await client.delete(Pod, 'default', 'p', { gracePeriodSeconds: seconds });
      return (await client.get(Pod, 'default', 'p'))?.metadata;
    };
    expect((await graceAfter(30))?.deletionGracePeriodSeconds).toBe(30);
    const shorter = await graceAfter(5);
    expect(shorter?.deletionGracePeriodSeconds).toBe(5);
    expect(await graceAfter(60)).toEqual(shorter);
  });

  it.each([
    ['Foreground', 'foregroundDeletion'],
    ['Orphan', 'orphan'],
  ] as const)('leaves %s deletion to the garbage controller', async (propagationPolicy, finalizer) => {
    await client.create(Deployment, deployment('web'));
    await client.delete(Deployment, 'default', 'web', { propagationPolicy });
    const left = await client.get(Deployment, 'default', 'web');
    expect(left?.metadata.finalizers).toEqual([finalizer]);
    expect(left?.metadata.deletionTimestamp).toBeDefined();
  });

  it('terminates a namespace, which goes when its controller has emptied it', async () => {
    const namespace: Namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } };
    const made = await client.create(Namespace, namespace);
    expect(made).toMatchObject({ spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } });
    await client.delete(Namespace, undefined, 'team');
    expect((await client.get(Namespace, undefined, 'team'))?.status?.phase).toBe('Terminating');
    await client.update(Namespace, namespace);
    expect(await client.get(Namespace, undefined, 'team')).toBeDefined();
    await client.patch(Namespace, undefined, 'team', { spec: { finalizers: [] } });
    expect(await client.get(Namespace, undefined, 'team')).toBeUndefined();
  });

  it('refuses to delete the namespaces of the mesh', async () => {
    await expect(client.delete(Namespace, undefined, 'default')).rejects.toMatchObject({
      reason: 'Forbidden',
    });
  });
});

describe('listing', () => {
  beforeEach(async () => {
    const named = (name: string, labels: Record<string, string>, nodeName?: string) =>
      client.create(Pod, pod(name, { metadata: { labels }, spec: nodeName ? { nodeName } : {} }));
    await named('a', { app: 'web', tier: 'front' }, 'one');
    await named('b', { app: 'web' });
    await named('c', { app: 'db' }, 'two');
  });

  it.each([
    [{ labelSelector: 'app=web' }, ['a', 'b']],
    [{ labelSelector: 'app==web,tier!=front' }, ['b']],
    [{ labelSelector: 'app in (db, cache)' }, ['c']],
    [{ labelSelector: 'app notin (db),tier' }, ['a']],
    [{ labelSelector: '!tier' }, ['b', 'c']],
    [{ fieldSelector: 'spec.nodeName=one' }, ['a']],
    [{ fieldSelector: 'spec.nodeName!=one,metadata.namespace=default' }, ['b', 'c']],
    [{ fieldSelector: 'spec.nodeName=' }, ['b']],
    [{ fieldSelector: 'status.phase=Pending', labelSelector: 'app=db' }, ['c']],
    [{ namespace: 'default', fieldSelector: 'metadata.name=b' }, ['b']],
    [{ namespace: 'elsewhere' }, []],
  ])('selects by %j', async (query, names) => {
    const { items } = await client.list(Pod, query);
    expect(items.map((item) => item.metadata.name)).toEqual(names);
  });

  it.each([
    { labelSelector: 'app===web' },
    { labelSelector: 'a b' },
    { labelSelector: 'app in web' },
    { fieldSelector: 'spec.hostname=x' },
    { fieldSelector: 'nonsense' },
  ])('refuses %j', async (query) => {
    await expect(client.list(Pod, query)).rejects.toMatchObject({ reason: 'BadRequest' });
  });

  it('pages at one revision, with selectors', async () => {
    const first = await fixture.registry.list(Pod, { limit: 1, labelSelector: 'app=web' });
    await client.create(Pod, pod('aa', { metadata: { labels: { app: 'web' } } }));
    const { continueToken } = first;
    const second = await fixture.registry.list(Pod, { limit: 5, labelSelector: 'app=web', continueToken });
    expect([first, second].map((page) => page.items.map((item) => item.object.metadata.name))).toEqual([
      ['a'],
      ['b'],
    ]);
    expect(second.resourceVersion).toBe(first.resourceVersion);
    expect(second.continueToken).toBeUndefined();
  });

  it('refuses a token that it did not give', async () => {
    await expect(fixture.registry.list(Pod, { continueToken: 'bm90' })).rejects.toMatchObject({
      reason: 'BadRequest',
    });
  });
});

describe('watching', () => {
  it('tells what happens after a list', async () => {
    await client.create(ConfigMap, configMap('before'));
    const { resourceVersion } = await client.list(ConfigMap);
    const seen = take(client.watch(ConfigMap, watching(resourceVersion)), 3);
    await client.create(ConfigMap, configMap('a'));
    await client.create(Pod, pod('unrelated'));
    await client.patch(ConfigMap, 'default', 'a', { data: { k: 'v' } });
    await client.delete(ConfigMap, 'default', 'a');
    expect(await seen).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
  });

  it('gives the object of a deletion the version of the deletion', async () => {
    const made = await client.create(ConfigMap, configMap('a'));
    await client.delete(ConfigMap, 'default', 'a');
    for await (const event of client.watch(ConfigMap, watching(made.metadata.resourceVersion))) {
      expect(event).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'a' } } });
      if (event.type === 'BOOKMARK') continue;
      expect(Number(event.object.metadata.resourceVersion)).toBeGreaterThan(
        Number(made.metadata.resourceVersion),
      );
      break;
    }
  });

  it('lets objects come and go as their labels change', async () => {
    const { resourceVersion } = await client.list(ConfigMap);
    const seen = take(client.watch(ConfigMap, watching(resourceVersion, { labelSelector: 'on=yes' })), 3);
    await client.create(ConfigMap, configMap('a'));
    await client.patch(ConfigMap, 'default', 'a', { metadata: { labels: { on: 'yes' } } });
    await client.patch(ConfigMap, 'default', 'a', { data: { k: 'v' } });
    await client.patch(ConfigMap, 'default', 'a', { metadata: { labels: null } });
    await client.delete(ConfigMap, 'default', 'a');
    expect(await seen).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
  });

  it('begins with what exists when no version is given', async () => {
    await client.create(ConfigMap, configMap('a'));
    const seen = take(client.watch(ConfigMap, watching('0')), 2);
    await client.create(ConfigMap, configMap('b'));
    expect(await seen).toEqual(['ADDED a', 'ADDED b']);
  });

  it('hands every watcher the same frozen object', async () => {
    const { resourceVersion } = await client.list(ConfigMap);
    const first = async () => {
      for await (const event of client.watch(ConfigMap, watching(resourceVersion))) return event;
      return undefined;
    };
    const [one, two] = [first(), first()];
    await client.create(ConfigMap, configMap('a', { k: 'v' }));
    const [a, b] = [await one, await two];
    if (a?.type !== 'ADDED' || b?.type !== 'ADDED') throw new Error('expected ADDED');
    expect(a.object).toBe(b.object);
    expect(Object.isFrozen(a.object.data)).toBe(true);
  });

  it('says where it stands while nothing happens to it', async () => {
    const { resourceVersion } = await client.list(ConfigMap);
    const seen = take(client.watch(ConfigMap, watching(resourceVersion)), 1);
    const made = await client.create(Pod, pod('elsewhere'));
    fixture.clock.advance(60_000);
    expect(await seen).toEqual([`BOOKMARK ${made.metadata.resourceVersion}`]);
  });

  it('refuses a version that is forgotten, and one that is yet to come', async () => {
    await fixture.close();
    fixture = await openRegistry({ keepRevisions: 5 });
    client = fixture.client;
    await client.create(ConfigMap, configMap('a'));
    for (let i = 0; i < 30; i += 1) await client.patch(ConfigMap, 'default', 'a', { data: { k: `${i}` } });
    for (const version of ['2', '99999']) {
      await expect(take(client.watch(ConfigMap, watching(version)), 1)).rejects.toMatchObject({
        reason: 'Expired',
        code: 410,
      });
    }
  });

  it('ends with its signal', async () => {
    const stop = new AbortController();
    const { resourceVersion } = await client.list(ConfigMap);
    const seen = take(client.watch(ConfigMap, { resourceVersion, signal: stop.signal }), 1);
    stop.abort();
    expect(await seen).toEqual([]);
  });
});
