import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import * as k8s from '@kubernetes/client-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { ConfigMap } from '#api/kinds/config-map.ts';
import { Node, RUNTIME_SOCKET_ANNOTATION } from '#api/kinds/node.ts';
import { type ServerFixture, startServer } from '#control-plane/apiserver/api-server-fixture.ts';

const namespace = 'default';
let api: ServerFixture;
let config: k8s.KubeConfig;
let core: k8s.CoreV1Api;
let apps: k8s.AppsV1Api;
let custom: k8s.CustomObjectsApi;

async function connect(options: { keepRevisions?: number } = {}): Promise<void> {
  api = await startServer(options);
  config = new k8s.KubeConfig();
  config.loadFromString(api.kubeconfig);
  core = config.makeApiClient(k8s.CoreV1Api);
  apps = config.makeApiClient(k8s.AppsV1Api);
  custom = config.makeApiClient(k8s.CustomObjectsApi);
}
beforeEach(() => connect());
afterEach(() => api.close());

function deployment(name: string): k8s.V1Deployment {
  return {
    metadata: { name, labels: { app: name } },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app' }] } },
    },
  };
}

const configMap = (name: string): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
});

const createMap = (name: string, data: Record<string, string> = {}) =>
  core.createNamespacedConfigMap({ namespace, body: { metadata: { name }, data } });

describe('a client library', () => {
  test('creates, reads, replaces, patches and deletes', async () => {
    const made = await apps.createNamespacedDeployment({ namespace, body: deployment('web') });
    expect(made.metadata?.uid).toBeDefined();
    expect(made.metadata?.creationTimestamp).toBeInstanceOf(Date);

    const read = await apps.readNamespacedDeployment({ namespace, name: 'web' });
    read.spec!.replicas = 3;
    const replaced = await apps.replaceNamespacedDeployment({ namespace, name: 'web', body: read });
    expect([replaced.spec?.replicas, replaced.metadata?.generation]).toEqual([3, 2]);

    const byJsonPatch = await apps.patchNamespacedDeployment({
      namespace,
      name: 'web',
      body: [{ op: 'replace', path: '/spec/replicas', value: 4 }],
    });
    expect(byJsonPatch.spec?.replicas).toBe(4);

    const byMerge = await apps.patchNamespacedDeployment(
      { namespace, name: 'web', body: { metadata: { labels: { tier: 'front' } } } },
      k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.MergePatch),
    );
    expect(byMerge.metadata?.labels).toEqual({ app: 'web', tier: 'front' });

    const strategic = { spec: { template: { spec: { containers: [{ name: 'app', image: 'host' }] } } } };
    const byStrategy = await apps.patchNamespacedDeployment(
      { namespace, name: 'web', body: strategic },
      k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.StrategicMergePatch),
    );
    expect(byStrategy.spec?.template.spec?.containers).toEqual([
      expect.objectContaining({ name: 'app', image: 'host' }),
    ]);

    await apps.deleteNamespacedDeployment({ namespace, name: 'web' });
    await expect(apps.readNamespacedDeployment({ namespace, name: 'web' })).rejects.toMatchObject({
      code: 404,
    });
  });

  test('lists by labels and fields, and in pages', async () => {
    for (const name of ['a', 'b', 'c']) {
      await core.createNamespacedConfigMap({
        namespace,
        body: { metadata: { name, labels: { odd: String(name !== 'b') } } },
      });
    }
    const names = ({ items }: k8s.V1ConfigMapList) => items.map((item) => item.metadata?.name);
    expect(names(await core.listNamespacedConfigMap({ namespace, labelSelector: 'odd in (true)' }))).toEqual([
      'a',
      'c',
    ]);
    expect(
      names(await core.listNamespacedConfigMap({ namespace, fieldSelector: 'metadata.name=b' })),
    ).toEqual(['b']);
    expect(names(await core.listConfigMapForAllNamespaces())).toEqual(['a', 'b', 'c']);
    const page = await core.listNamespacedConfigMap({ namespace, limit: 2 });
    const _continue = page.metadata?._continue ?? '';
    const rest = await core.listNamespacedConfigMap({ namespace, limit: 2, _continue });
    expect([names(page), names(rest)]).toEqual([['a', 'b'], ['c']]);
  });

  test('learns of conflicts, duplicates and mistakes', async () => {
    const first = await createMap('a', { k: '1' });
    await core.replaceNamespacedConfigMap({ namespace, name: 'a', body: { ...first, data: { k: '2' } } });
    await expect(
      core.replaceNamespacedConfigMap({ namespace, name: 'a', body: { ...first, data: { k: '3' } } }),
    ).rejects.toMatchObject({ code: 409, body: expect.stringContaining('the object has been modified') });
    await expect(createMap('a')).rejects.toMatchObject({
      code: 409,
      body: expect.stringContaining('AlreadyExists'),
    });
    const body = deployment('web');
    body.spec!.replicas = -1;
    await expect(apps.createNamespacedDeployment({ namespace, body })).rejects.toMatchObject({
      code: 422,
      body: expect.stringContaining('spec.replicas'),
    });
    await expect(
      core.createNamespacedConfigMap({ namespace: 'nowhere', body: { metadata: { name: 'x' } } }),
    ).rejects.toMatchObject({ code: 404 });
  });

  test('is turned away with 401 when its token is wrong', async () => {
    config.loadFromString(api.kubeconfig.replace(api.token, 'a-token-that-was-made-up'));
    const stranger = config.makeApiClient(k8s.CoreV1Api);
    await expect(stranger.listNamespacedPod({ namespace })).rejects.toMatchObject({ code: 401 });
  });

  test('reads and writes scale and status', async () => {
    await apps.createNamespacedDeployment({ namespace, body: deployment('web') });
    const scale = await apps.readNamespacedDeploymentScale({ namespace, name: 'web' });
    scale.spec!.replicas = 5;
    const scaled = await apps.replaceNamespacedDeploymentScale({ namespace, name: 'web', body: scale });
    expect([scaled.spec?.replicas, scaled.status?.selector]).toEqual([5, 'app=web']);
    const current = await apps.readNamespacedDeployment({ namespace, name: 'web' });
    current.status = { ...current.status, readyReplicas: 1 };
    const told = await apps.replaceNamespacedDeploymentStatus({ namespace, name: 'web', body: current });
    expect(told.status?.readyReplicas).toBe(1);
  });

  test('finds its way by discovery alone', async () => {
    const objects = k8s.KubernetesObjectApi.makeApiClient(config);
    const made = await objects.create({
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'web', namespace },
      spec: { host: 'web' },
    } as k8s.KubernetesObject);
    expect(made.metadata?.uid).toBeDefined();
    const read = await objects.read({ ...made, metadata: { name: 'web', namespace } });
    expect(read).toMatchObject({ spec: { host: 'web' } });
  });

  test('handles custom objects', async () => {
    const where = { group: 'networking.istio.io', version: 'v1beta1', namespace, plural: 'destinationrules' };
    await custom.createNamespacedCustomObject({
      ...where,
      body: {
        apiVersion: 'networking.istio.io/v1beta1',
        kind: 'DestinationRule',
        metadata: { name: 'x' },
        spec: { host: 'x' },
      },
    });
    const list = (await custom.listNamespacedCustomObject(where)) as { items: unknown[] };
    expect(list.items).toEqual([expect.objectContaining({ apiVersion: 'networking.istio.io/v1beta1' })]);
  });
});

describe('an informer', () => {
  type Told = [string, string | undefined];

  function follow(): {
    informer: k8s.Informer<k8s.V1ConfigMap>;
    told: Told[];
    heard: (wanted: Told) => Promise<void>;
  } {
    const list = () => core.listNamespacedConfigMap({ namespace });
    const informer = k8s.makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, list);
    const told: Told[] = [];
    let look = (): void => {};
    for (const verb of ['add', 'update', 'delete'] as const) {
      informer.on(verb, (map) => {
        told.push([verb, map.metadata?.name]);
        look();
      });
    }
    informer.on('error', () => {
      setTimeout(() => void informer.start(), 20);
    });
    const heard = ([verb, name]: Told): Promise<void> =>
      new Promise((resolve) => {
        look = () => {
          if (told.some((one) => one[0] === verb && one[1] === name)) resolve();
        };
        look();
      });
    return { informer, told, heard };
  }

  test('is told what exists, what comes, changes and goes', async () => {
    await createMap('before');
    const { informer, told, heard } = follow();
    await informer.start();
    await heard(['add', 'before']);
    await createMap('after');
    await heard(['add', 'after']);
    await core.patchNamespacedConfigMap({
      namespace,
      name: 'after',
      body: [{ op: 'add', path: '/data', value: { k: 'v' } }],
    });
    await heard(['update', 'after']);
    await core.deleteNamespacedConfigMap({ namespace, name: 'after' });
    await heard(['delete', 'after']);
    expect(told).toEqual([
      ['add', 'before'],
      ['add', 'after'],
      ['update', 'after'],
      ['delete', 'after'],
    ]);
    await informer.stop();
  });

  test('goes on where it was when the server comes back', async () => {
    const { informer, told, heard } = follow();
    await informer.start();
    await createMap('a');
    await heard(['add', 'a']);
    await api.restart(async () => {
      await api.client.create(ConfigMap, configMap('while-away'));
    });
    await heard(['add', 'while-away']);
    expect(told.filter(([verb]) => verb === 'delete')).toEqual([]);
    await informer.stop();
  });

  test('lists anew when what it missed is forgotten', async () => {
    await api.close();
    await connect({ keepRevisions: 5 });
    const { informer, heard } = follow();
    await informer.start();
    await createMap('gone-meanwhile');
    await createMap('stays');
    await heard(['add', 'stays']);
    await api.restart(async () => {
      await api.client.delete(ConfigMap, namespace, 'gone-meanwhile');
      await api.client.create(ConfigMap, configMap('new'));
      for (let i = 0; i < 30; i += 1) {
        await api.client.patch(ConfigMap, namespace, 'new', { data: { count: `${i}` } });
      }
    });
    await heard(['add', 'new']);
    await heard(['delete', 'gone-meanwhile']);
    await informer.stop();
  });
});

describe('logs and commands, with a node runtime behind the API', () => {
  let runtime: Server;

  beforeEach(async () => {
    const socket = join(tmpdir(), `weft-conformance-${process.pid}-${Date.now()}.sock`);
    runtime = createServer((request, response) => response.end(`log of ${request.url}\n`));
    const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'v5.channel.k8s.io' });
    runtime.on('upgrade', (request, raw, head) => {
      sockets.handleUpgrade(request, raw, head, (socket) => {
        socket.on('message', (message: Buffer) => {
          if (message[0] !== 0) return;
          socket.send(
            Buffer.concat([Buffer.from([1]), Buffer.from(`${request.url} heard `), message.subarray(1)]),
          );
          socket.send(Buffer.from(`\x03${JSON.stringify({ status: 'Success' })}`));
          socket.close();
        });
      });
    });
    await new Promise<void>((resolve) => runtime.listen(socket, resolve));
    await api.client.create(Node, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n', annotations: { [RUNTIME_SOCKET_ANNOTATION]: socket } },
    });
    const spec = { nodeName: 'n', containers: [{ name: 'app' }] };
    await core.createNamespacedPod({ namespace, body: { metadata: { name: 'p' }, spec } });
  });
  afterEach(() => {
    runtime.closeAllConnections();
    runtime.close();
  });

  test('reads a log', async () => {
    const log = await core.readNamespacedPodLog({ namespace, name: 'p', tailLines: 3 });
    expect(log).toBe('log of /containerLogs/default/p/app?tailLines=3\n');
  });

  test('follows a log', async () => {
    const stream = new PassThrough();
    await new k8s.Log(config).log(namespace, 'p', 'app', stream, { follow: true });
    expect(await text(stream)).toBe('log of /containerLogs/default/p/app?follow=true\n');
  });

  test('runs a command, its streams passed through', async () => {
    let output = '';
    const stdout = new Writable({
      write(chunk: Buffer, _encoding, done) {
        output += chunk.toString();
        done();
      },
    });
    const stdin = new PassThrough();
    const status = new Promise<k8s.V1Status>((resolve, reject) => {
      new k8s.Exec(config)
        .exec(namespace, 'p', 'app', ['cat', '-u'], stdout, null, stdin, false, resolve)
        .catch(reject);
    });
    stdin.write('hello');
    expect(await status).toMatchObject({ status: 'Success' });
    expect(output).toMatch(/^\/exec\/default\/p\/app\?.*command=cat&command=-u.* heard hello$/);
  });

  test('is refused a command in a pod that does not exist', async () => {
    const exec = new k8s.Exec(config).exec(namespace, 'nobody', 'app', ['ls'], null, null, null, false);
    await expect(exec).rejects.toBeDefined();
  });
});
