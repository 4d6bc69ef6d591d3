import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '#api/foundation/clock.ts';
import { silentLogger } from '#api/foundation/logger.ts';
import { Node, RUNTIME_SOCKET_ANNOTATION } from '#api/kinds/node.ts';
import { Pod } from '#api/kinds/pod.ts';
import { startApiServer } from './api-server.ts';
import { type ServerFixture, startServer } from './api-server-fixture.ts';
import { ensureServingCertificate } from './pki/serving-certificate.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const PODS = '/api/v1/namespaces/default/pods';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';

let api: ServerFixture;
beforeEach(async () => {
  api = await startServer();
});
afterEach(() => api.close());

async function json(response: Response): Promise<Record<string, never>> {
  return (await response.json()) as Record<string, never>;
}

function deployment(name: string) {
  return {
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'app', env: [{ name: 'A', value: '1' }] }] },
      },
    },
  };
}

const create = (path: string, body: unknown) => api.request(path, { method: 'POST', body });
const patch = (path: string, type: string, body: unknown) =>
  api.request(path, { method: 'PATCH', body, headers: { 'content-type': `application/${type}+json` } });

describe('authentication', () => {
  it.each([
    ['no token', {}],
    ['a wrong token', { authorization: 'Bearer wrong' }],
    ['another scheme', { authorization: 'Basic YTpi' }],
  ])('answers 401 to %s', async (_, headers) => {
    const response = await api.request(CONFIG_MAPS, { headers: { authorization: '', ...headers } });
    expect(response.status).toBe(401);
    expect(await json(response)).toMatchObject({ kind: 'Status', reason: 'Unauthorized', code: 401 });
  });

  it.each(['/healthz', '/livez', '/readyz', '/version'])('answers %s without a token', async (path) => {
    expect((await api.request(path, { headers: { authorization: '' } })).status).toBe(200);
  });
});

describe('discovery', () => {
  it('lists groups with their preferred version first', async () => {
    const { groups } = (await json(await api.request('/apis'))) as unknown as {
      groups: { name: string; preferredVersion: unknown }[];
    };
    expect(groups.find((group) => group.name === 'networking.istio.io')?.preferredVersion).toEqual({
      groupVersion: 'networking.istio.io/v1',
      version: 'v1',
    });
  });

  it('lists resources and subresources of a version', async () => {
    const core = (await json(await api.request('/api/v1'))) as unknown as { resources: { name: string }[] };
    expect(core.resources.map((resource) => resource.name)).toEqual(
      expect.arrayContaining(['pods', 'pods/log', 'pods/exec', 'pods/status', 'namespaces', 'services']),
    );
    const apps = (await json(await api.request('/apis/apps/v1'))) as unknown as { resources: unknown[] };
    expect(apps.resources).toContainEqual(
      expect.objectContaining({ name: 'deployments/scale', group: 'autoscaling', kind: 'Scale' }),
    );
  });

  it.each(['/apis/nowhere.io/v1', '/apis/apps/v9', '/apis/nowhere.io', '/nowhere', '/api/v1/widgets'])(
    'answers 404 to %s',
    async (path) => {
      const response = await api.request(path);
      expect(response.status).toBe(404);
      expect(await json(response)).toMatchObject({ kind: 'Status', reason: 'NotFound' });
    },
  );

  it('publishes schemas for explain', async () => {
    const document = await json(await api.request('/openapi/v3/apis/apps/v1'));
    expect(document).toMatchObject({
      components: { schemas: { 'dev.weft.apps.Deployment': { type: 'object' } } },
    });
  });
});

describe('objects over HTTP', () => {
  it('serves an object under each of its versions', async () => {
    const path = '/apis/networking.istio.io/v1beta1/namespaces/default/destinationrules';
    const made = await create(path, {
      apiVersion: 'networking.istio.io/v1beta1',
      kind: 'DestinationRule',
      metadata: { name: 'web' },
      spec: { host: 'web' },
    });
    expect(made.status).toBe(201);
    expect(await json(made)).toMatchObject({ apiVersion: 'networking.istio.io/v1beta1' });
    const again = await api.request(`${path.replace('v1beta1', 'v1')}/web`);
    expect(await json(again)).toMatchObject({
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
    });
  });

  it('takes YAML', async () => {
    const body = 'metadata:\n  name: a\ndata:\n  answer: "yes"\n';
    const headers = { 'content-type': 'application/yaml' };
    const made = await api.request(CONFIG_MAPS, { method: 'POST', body, headers });
    expect(await json(made)).toMatchObject({ data: { answer: 'yes' } });
  });

  it('lists with kind, version and items, and page by page', async () => {
    for (const name of ['a', 'b', 'c']) await create(CONFIG_MAPS, { metadata: { name } });
    const whole = await json(await api.request(CONFIG_MAPS));
    expect(whole).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' });
    const first = (await json(await api.request(`${CONFIG_MAPS}?limit=2`))) as unknown as {
      items: unknown[];
      metadata: { continue: string };
    };
    expect(first.items).toHaveLength(2);
    const rest = (await json(
      await api.request(`${CONFIG_MAPS}?limit=2&continue=${first.metadata.continue}`),
    )) as unknown as { items: { metadata: { name: string } }[]; metadata: object };
    expect(rest.items.map((item) => item.metadata.name)).toEqual(['c']);
    expect(rest.metadata).not.toHaveProperty('continue');
  });

  it('prints tables', async () => {
    await create(DEPLOYMENTS, deployment('web'));
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
    const table = await json(await api.request(DEPLOYMENTS, { headers: { accept } }));
    expect(table).toMatchObject({
      kind: 'Table',
      columnDefinitions: [{ name: 'Name' }, { name: 'Ready' }, {}, {}, {}],
      rows: [
        {
          cells: ['web', '0/1', 0, 0, expect.any(String)],
          object: { kind: 'PartialObjectMetadata', metadata: { name: 'web' } },
        },
      ],
    });
  });

  it('deletes with a Status that names the uid, or with the object that has to wait', async () => {
    const { metadata } = (await json(await create(CONFIG_MAPS, { metadata: { name: 'a' } }))) as unknown as {
      metadata: { uid: string };
    };
    const gone = await api.request(`${CONFIG_MAPS}/a`, {
      method: 'DELETE',
      body: { propagationPolicy: 'Background' },
    });
    expect(await json(gone)).toMatchObject({
      status: 'Success',
      details: { name: 'a', uid: metadata.uid, kind: 'configmaps' },
    });
    await create(CONFIG_MAPS, { metadata: { name: 'b', finalizers: ['x.io/y'] } });
    const held = await api.request(`${CONFIG_MAPS}/b`, { method: 'DELETE' });
    expect(await json(held)).toMatchObject({ kind: 'ConfigMap', metadata: { finalizers: ['x.io/y'] } });
  });

  it('deletes a collection by selector', async () => {
    for (const [name, app] of [
      ['a', 'web'],
      ['b', 'web'],
      ['c', 'db'],
    ]) {
      await create(CONFIG_MAPS, { metadata: { name, labels: { app } } });
    }
    await api.request(`${CONFIG_MAPS}?labelSelector=app%3Dweb`, { method: 'DELETE' });
    const { items } = (await json(await api.request(CONFIG_MAPS))) as unknown as { items: unknown[] };
    expect(items).toHaveLength(1);
  });

  it('reads and writes scales', async () => {
    await create(DEPLOYMENTS, deployment('web'));
    const scale = await json(await api.request(`${DEPLOYMENTS}/web/scale`));
    expect(scale).toMatchObject({ kind: 'Scale', spec: { replicas: 1 } });
    const body = { ...scale, spec: { replicas: 2 } };
    const put = await api.request(`${DEPLOYMENTS}/web/scale`, { method: 'PUT', body });
    expect(await json(put)).toMatchObject({ spec: { replicas: 2 } });
    const stale = await api.request(`${DEPLOYMENTS}/web/scale`, { method: 'PUT', body });
    expect(stale.status).toBe(409);
  });

  it('answers HEAD without a body', async () => {
    const response = await api.request(CONFIG_MAPS, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});

describe('patches', () => {
  beforeEach(async () => {
    await create(DEPLOYMENTS, deployment('web'));
  });

  it('merges by RFC 7396', async () => {
    const patched = await patch(`${DEPLOYMENTS}/web`, 'merge-patch', {
      metadata: { labels: { a: 'b' } },
      spec: { replicas: 3 },
    });
    expect(await json(patched)).toMatchObject({ metadata: { labels: { a: 'b' } }, spec: { replicas: 3 } });
  });

  it('applies JSON patches', async () => {
    const patched = await patch(`${DEPLOYMENTS}/web`, 'json-patch', [
      { op: 'test', path: '/spec/replicas', value: 1 },
      { op: 'replace', path: '/spec/replicas', value: 5 },
    ]);
    expect(await json(patched)).toMatchObject({ spec: { replicas: 5 } });
    const failed = await patch(`${DEPLOYMENTS}/web`, 'json-patch', [
      { op: 'test', path: '/spec/replicas', value: 1 },
    ]);
    expect(failed.status).toBe(422);
  });

  it('merges lists by name, strategically', async () => {
    const patched = await patch(`${DEPLOYMENTS}/web`, 'strategic-merge-patch', {
      spec: { template: { spec: { containers: [{ name: 'app', env: [{ name: 'B', value: '2' }] }] } } },
    });
    const { spec } = (await json(patched)) as unknown as {
      spec: { template: { spec: { containers: { env: unknown }[] } } };
    };
    expect(spec.template.spec.containers).toEqual([
      expect.objectContaining({
        name: 'app',
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
      }),
    ]);
  });

  it.each(['apply-patch', 'strategic-merge-patch'])(
    'refuses a %s of a custom resource with 415',
    async (type) => {
      const path = '/apis/networking.istio.io/v1/namespaces/default/destinationrules';
      await create(path, { metadata: { name: 'v' }, spec: { host: 'v' } });
      const refused = await patch(`${path}/v`, type, {});
      expect(refused.status).toBe(415);
      expect((await json(refused))['message']).toContain('application/merge-patch+json');
    },
  );

  it('is refused as a whole when the result is invalid', async () => {
    const refused = await patch(`${DEPLOYMENTS}/web`, 'merge-patch', { spec: { replicas: 'many', typo: 1 } });
    expect(refused.status).toBe(422);
    expect(await json(refused)).toMatchObject({
      details: { causes: [{ field: 'spec.replicas' }, { field: 'spec.typo' }] },
    });
  });
});

describe('hostile and mistaken requests', () => {
  const deep = `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`;
  it.each([
    ['a body that is not JSON', { method: 'POST', body: '{' }, 400],
    ['a body that is a list', { method: 'POST', body: '[]' }, 400],
    ['a body that is nested too deep', { method: 'POST', body: deep }, 400],
    ['an unknown media type', { method: 'POST', body: 'x', headers: { 'content-type': 'text/csv' } }, 415],
    [
      'protobuf',
      { method: 'POST', body: 'x', headers: { 'content-type': 'application/vnd.kubernetes.protobuf' } },
      415,
    ],
    ['a body beyond 3 MiB', { method: 'POST', body: `"${'x'.repeat(3 * 1024 * 1024)}"` }, 413],
    ['a method that is not served', { method: 'PUT', body: '{}' }, 405],
    ['a YAML bomb', { method: 'POST', body: bomb(), headers: { 'content-type': 'application/yaml' } }, 400],
  ])('answers %s with its code', async (_, init, code) => {
    const response = await api.request(CONFIG_MAPS, init as Parameters<ServerFixture['request']>[1]);
    expect(response.status).toBe(code);
    expect(await json(response)).toMatchObject({ kind: 'Status', status: 'Failure', code });
  });

  it.each([
    [`${CONFIG_MAPS}?limit=many`, 400],
    [`${CONFIG_MAPS}?labelSelector=%3D%3D`, 400],
    [`${CONFIG_MAPS}?fieldSelector=data.x%3Dy`, 400],
    [`${CONFIG_MAPS}?watch=perhaps`, 400],
    [`${CONFIG_MAPS}?watch=true&labelSelector=%3D%3D`, 400],
    [`${CONFIG_MAPS}?resourceVersion=999999`, 410],
    [`${CONFIG_MAPS}/a%2Fb`, 404],
    [`${CONFIG_MAPS}/%zz`, 404],
    ['/api/v1/pods/name-without-namespace', 404],
    [`${PODS}/p/exec?command=ls`, 400],
    ['/api/v1/namespaces/default/nodes', 404],
  ])('answers %s with %i', async (path, code) => {
    expect((await api.request(path)).status).toBe(code);
  });

  it('does not let a body reach the prototype of objects', async () => {
    await api.request(CONFIG_MAPS, {
      method: 'POST',
      body: '{"metadata":{"name":"a"},"data":{"__proto__":"x"},"__proto__":{"polluted":true}}',
    });
    await patch(`${CONFIG_MAPS}/a`, 'merge-patch', JSON.parse('{"__proto__":{"polluted":true}}'));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('is refused a port that is taken, with the port and what to do', async () => {
    const again = startApiServer({ ...(await optionsOf(api)), port: api.port });
    await expect(again).rejects.toMatchObject({
      code: 'PortInUse',
      message: expect.stringContaining(String(api.port)),
      remedy: expect.stringContaining('apiPort'),
    });
  });
});

function bomb(): string {
  const levels = Array.from(
    { length: 12 },
    (_, i) => `a${i}: &a${i} [${Array.from({ length: 9 }, () => (i === 0 ? 'x' : `*a${i - 1}`)).join(',')}]`,
  );
  return levels.join('\n');
}

async function optionsOf(fixture: ServerFixture) {
  const pki = mkdtempSync(join(tmpdir(), 'weft-pki-'));
  const paths = { pki, caCertificate: join(pki, 'ca.crt') };
  const certificates = await ensureServingCertificate(paths, 'cluster.local', Date.now());
  rmSync(pki, { recursive: true });
  return {
    ...certificates,
    registry: fixture.registry,
    token: fixture.token,
    clock: systemClock,
    random: () => 0.5,
    logger: silentLogger,
    weft: () => undefined,
    isReady: () => true,
  };
}

describe('watches over HTTP', () => {
  async function* lines(path: string): AsyncGenerator<{ type: string; object: Record<string, unknown> }> {
    const response = await api.request(path);
    const input = Readable.fromWeb(response.body as never);
    try {
      for await (const line of createInterface({ input })) yield JSON.parse(line);
    } finally {
      input.destroy();
    }
  }

  it('tells changes as lines, in the asked version', async () => {
    const path = '/apis/networking.istio.io/v1beta1/namespaces/default/destinationrules';
    const watch = lines(`${path}?watch=true&resourceVersion=${await api.registry.revision()}`);
    const first = watch.next();
    await create(path, { metadata: { name: 'v' }, spec: { host: 'v' } });
    expect((await first).value).toMatchObject({
      type: 'ADDED',
      object: { apiVersion: 'networking.istio.io/v1beta1', metadata: { name: 'v' } },
    });
    await watch.return(undefined);
  });

  it('begins with what exists, and says when that was all', async () => {
    await create(CONFIG_MAPS, { metadata: { name: 'a' } });
    const watch = lines(
      `${CONFIG_MAPS}?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`,
    );
    expect((await watch.next()).value.type).toBe('ADDED');
    expect((await watch.next()).value).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
    await watch.return(undefined);
  });

  it('ends after timeoutSeconds', async () => {
    const seen: unknown[] = [];
    for await (const event of lines(`${CONFIG_MAPS}?watch=true&timeoutSeconds=1`)) seen.push(event);
    expect(seen).toEqual([]);
  });

  it('watches one object by its own path', async () => {
    await create(CONFIG_MAPS, { metadata: { name: 'a' } });
    await create(CONFIG_MAPS, { metadata: { name: 'b' } });
    const watch = lines(`${CONFIG_MAPS}/b?watch=true`);
    expect((await watch.next()).value.object).toMatchObject({ metadata: { name: 'b' } });
    await watch.return(undefined);
  });

  it('says Expired in the stream', async () => {
    await api.close();
    api = await startServer({ keepRevisions: 3 });
    await create(CONFIG_MAPS, { metadata: { name: 'a' } });
    for (let i = 0; i < 20; i += 1) {
      await patch(`${CONFIG_MAPS}/a`, 'merge-patch', { data: { k: `${i}` } });
    }
    const watch = lines(`${CONFIG_MAPS}?watch=true&resourceVersion=2`);
    expect((await watch.next()).value).toMatchObject({
      type: 'ERROR',
      object: { kind: 'Status', code: 410, reason: 'Expired' },
    });
    expect((await watch.next()).done).toBe(true);
  });

  it('ends when the server closes', async () => {
    const watch = lines(`${CONFIG_MAPS}?watch=true`);
    const next = watch.next();
    await create(CONFIG_MAPS, { metadata: { name: 'a' } });
    await next;
    const end = watch.next();
    await api.stop();
    expect((await end).done).toBe(true);
  });
});

describe('logs, through the node runtime', () => {
  let runtime: Server;
  let asked: string[];

  async function podOnNode(containers: string[]): Promise<void> {
    asked = [];
    const socket = join(tmpdir(), `weft-runtime-${process.pid}-${Math.random().toString(36).slice(2)}.sock`);
    runtime = createServer((request, response) => {
      asked.push(request.url ?? '');
      if (request.url?.includes('/broken')) response.writeHead(404).end('{"message":"no such container"}');
      else response.end('line one\nline two\n');
    });
    await new Promise<void>((resolve) => runtime.listen(socket, resolve));
    await api.client.create(Node, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n', annotations: { [RUNTIME_SOCKET_ANNOTATION]: socket } },
    });
    const pod = { metadata: { name: 'p', namespace: 'default' }, spec: { nodeName: 'n' } };
    const body = { ...pod, spec: { ...pod.spec, containers: containers.map((name) => ({ name })) } };
    await api.client.create(Pod, body as unknown as Pod);
  }
  afterEach(() => runtime.close());

  it('are streamed as they are', async () => {
    await podOnNode(['app']);
    const response = await api.request(`${PODS}/p/log?tailLines=5&timestamps=true&unknown=1`);
    expect(await response.text()).toBe('line one\nline two\n');
    expect(asked).toEqual(['/containerLogs/default/p/app?timestamps=true&tailLines=5']);
  });

  it('need a container name when there are several', async () => {
    await podOnNode(['one', 'two']);
    const response = await api.request(`${PODS}/p/log`);
    expect(response.status).toBe(400);
    expect((await json(response))['message']).toContain('a container name must be specified');
    expect((await api.request(`${PODS}/p/log?container=two`)).status).toBe(200);
    expect((await api.request(`${PODS}/p/log?container=istio-proxy`)).status).toBe(200);
    expect((await api.request(`${PODS}/p/log?container=three`)).status).toBe(400);
  });

  it("pass on the runtime's refusal", async () => {
    await podOnNode(['broken']);
    const response = await api.request(`${PODS}/p/log`);
    expect(response.status).toBe(404);
    expect(await json(response)).toMatchObject({ kind: 'Status', message: 'no such container' });
  });

  it('say that the runtime does not answer', async () => {
    await podOnNode(['app']);
    await new Promise((resolve) => runtime.close(resolve));
    const response = await api.request(`${PODS}/p/log`);
    expect(response.status).toBe(503);
    expect((await json(response))['message']).toContain('node n');
  });

  it('refuse bad options', async () => {
    await podOnNode(['app']);
    expect((await api.request(`${PODS}/p/log?tailLines=few`)).status).toBe(400);
    expect((await api.request(`${PODS}/p/log?sinceTime=yesterday`)).status).toBe(400);
  });
});

describe("weft's own paths", () => {
  it('answer from the ledger', async () => {
    await api.close();
    const waits: unknown[] = [];
    api = await startServer({
      weft: {
        ledger: {
          proxies: () => [{ id: 'sidecar~1' }],
          waitFor: async (...args) => {
            waits.push(args);
            return { live: false, pending: [{ proxy: 'p', reason: 'slow' }], refused: [] };
          },
        },
        analyze: async (objects) => [{ object: `${objects.length} asked about`, reason: 'R', message: 'm' }],
      },
    });
    expect(await json(await api.request('/weft/v1/proxies'))).toEqual({ proxies: [{ id: 'sidecar~1' }] });
    const rollout = await json(await api.request('/weft/v1/rollout?resourceVersion=7&timeoutSeconds=2'));
    expect(rollout).toMatchObject({ live: false, pending: [{ proxy: 'p' }] });
    expect(waits).toEqual([['7', 2000]]);
    expect((await api.request('/weft/v1/rollout')).status).toBe(400);
    const ask = (body: unknown) => api.request('/weft/v1/analyze', { method: 'POST', body });
    expect(await json(await ask({ objects: [{}, {}] }))).toMatchObject({
      findings: [{ object: '2 asked about' }],
    });
    expect((await ask({})).status).toBe(400);
    expect((await api.request('/weft/v1/analyze')).status).toBe(404);
  });

  it('say that the ledger is not there yet', async () => {
    expect((await api.request('/weft/v1/proxies')).status).toBe(503);
    expect((await api.request('/weft/v1/nothing')).status).toBe(404);
  });
});
