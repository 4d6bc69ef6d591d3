import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Deployment } from '#api/kinds/deployment.ts';
import { Pod } from '#api/kinds/pod.ts';
import { selfSigned } from '#test/support/self-signed.ts';
import { createHttpClient, type HttpClient } from './http-client.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const running: { server: Server; client: HttpClient }[] = [];
const ours = selfSigned();
const theirs = selfSigned();

afterEach(async () => {
  for (const { server, client } of running.splice(0)) {
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serving(answer: Answer, ca = ours.cert): Promise<HttpClient> {
  const server = createServer(ours, async (request, response) => {
    const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>);
    answer(request, response, Buffer.concat(chunks).toString());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = createHttpClient({ server: `https://127.0.0.1:${port}`, token: 'sesame', ca });
  running.push({ server, client });
  return client;
}

const status = (code: number, reason: string) =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: reason });

const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'ns' } } as Pod;
const patchOptions = { subresource: 'status', dryRun: true } as const;

test.each<{ name: string; call: (client: HttpClient) => Promise<unknown>; sent: string }>([
  { name: 'get', call: (c) => c.get(Pod, 'ns', 'p'), sent: 'GET /api/v1/namespaces/ns/pods/p' },
  {
    name: 'list of all namespaces',
    call: (c) => c.list(Deployment, { labelSelector: 'a=b,c!=d' }),
    sent: 'GET /apis/apps/v1/deployments?labelSelector=a%3Db%2Cc%21%3Dd',
  },
  {
    name: 'create',
    call: (c) => c.create(Pod, pod, { dryRun: true }),
    sent: 'POST /api/v1/namespaces/ns/pods?dryRun=All',
  },
  { name: 'update', call: (c) => c.update(Pod, pod), sent: 'PUT /api/v1/namespaces/ns/pods/p' },
  {
    name: 'update of the status',
    call: (c) => c.updateStatus(Pod, pod),
    sent: 'PUT /api/v1/namespaces/ns/pods/p/status',
  },
  {
    name: 'patch',
    call: (c) => c.patch(Pod, 'ns', 'p', { a: 1 }, patchOptions),
    sent: 'PATCH /api/v1/namespaces/ns/pods/p/status?dryRun=All application/merge-patch+json {"a":1}',
  },
  {
    name: 'delete',
    call: (c) => c.delete(Pod, 'ns', 'p', { uid: 'u', gracePeriodSeconds: 0 }),
    sent: 'DELETE /api/v1/namespaces/ns/pods/p application/json {"gracePeriodSeconds":0,"preconditions":{"uid":"u"}}',
  },
  {
    name: 'a path of its own',
    call: (c) =>
      c.request('POST', '/weft/v1/thing', { query: { wait: true, skip: undefined }, body: { x: 1 } }),
    sent: 'POST /weft/v1/thing?wait=true application/json {"x":1}',
  },
])('$name is the request that Kubernetes knows', async ({ call, sent }) => {
  let seen = '';
  const client = await serving((request, response, body) => {
    const type = request.headers['content-type'];
    seen = [`${request.method} ${request.url}`, ...(type === undefined ? [] : [type, body])].join(' ');
    expect(request.headers.authorization).toBe('Bearer sesame');
    response.end(JSON.stringify({ metadata: { resourceVersion: '1' } }));
  });
  await call(client);
  expect(seen.startsWith(sent), `${seen} starts with ${sent}`).toBe(true);
});

test('absence is a value; other refusals carry their Status', async () => {
  const client = await serving((request, response) => {
    const [code, reason] = request.url?.endsWith('absent')
      ? ([404, 'NotFound'] as const)
      : ([409, 'Conflict'] as const);
    response.writeHead(code).end(status(code, reason));
  });
  expect(await client.get(Pod, 'ns', 'absent')).toBeUndefined();
  expect(await client.delete(Pod, 'ns', 'absent')).toBe(false);
  await expect(client.update(Pod, pod)).rejects.toMatchObject({ reason: 'Conflict', code: 409 });
});

test.each([
  {
    name: 'a page of something else',
    body: '<html>bad gateway</html>',
    code: 502,
    message: '<html>bad gateway</html>',
  },
  { name: 'nothing', body: '', code: 500, message: 'the server answered HTTP 500' },
])('a refusal with $name is still told', async ({ body, code, message }) => {
  const client = await serving((_, response) => response.writeHead(code).end(body));
  await expect(client.list(Pod)).rejects.toMatchObject({ code, message });
});

test('a refused token says so and what to do', async () => {
  const client = await serving((_, response) => response.writeHead(401).end(status(401, 'Unauthorized')));
  const refused = {
    name: 'WeftError',
    code: 'TokenRefused',
    remedy: expect.stringContaining('weft kubeconfig'),
  };
  await expect(client.list(Pod)).rejects.toMatchObject(refused);
});

test('a server of another authority never sees the token', async () => {
  let requests = 0;
  const client = await serving(() => {
    requests += 1;
  }, theirs.cert);
  await expect(client.list(Pod)).rejects.toMatchObject({ code: 'ControlPlaneNotTrusted' });
  expect(requests).toBe(0);
});

test('nothing listening there is told apart from a server that breaks off', async () => {
  const client = await serving((request) => request.socket.destroy());
  await expect(client.list(Pod)).rejects.toMatchObject({ code: 'ControlPlaneUnreachable' });
  const { server } = running[0]!;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const refused = { code: 'ControlPlaneNotRunning', remedy: expect.stringContaining('weft up') };
  await expect(client.list(Pod)).rejects.toMatchObject(refused);
});

test('a watch yields events until the server ends it', async () => {
  const client = await serving((request, response) => {
    expect(request.url).toContain('watch=true');
    expect(request.url).toContain('resourceVersion=7');
    response.write('{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n{"type":"BOOK');
    response.end('MARK","object":{"metadata":{"resourceVersion":"9"}}}\n');
  });
  const { signal } = new AbortController();
  const events = await Array.fromAsync(client.watch(Pod, { resourceVersion: '7', signal }));
  expect(events).toEqual([
    { type: 'ADDED', object: { metadata: { name: 'a' } } },
    { type: 'BOOKMARK', resourceVersion: '9' },
  ]);
});

test('a watch ends quietly when it is aborted, and says why when it breaks', async () => {
  const answers: Answer[] = [
    (_, response) => response.write('{"type":"ADDED","object":{"metadata":{}}}\n'),
    (request, response) => {
      response.write('{"type":"ADDED","object":{"metadata":{}}}\n', () => request.socket.destroy());
    },
    (_, response) => response.end(`{"type":"ERROR","object":${status(410, 'Expired')}}\n`),
  ];
  const client = await serving((request, response, body) => answers.shift()?.(request, response, body));
  const stop = new AbortController();
  const watch = () => client.watch(Pod, { resourceVersion: '1', signal: stop.signal });
  const aborted = watch()[Symbol.asyncIterator]();
  await aborted.next();
  const end = aborted.next();
  const other = new AbortController();
  const broken = client.watch(Pod, { resourceVersion: '1', signal: other.signal });
  await expect(Array.fromAsync(broken)).rejects.toMatchObject({ code: 'ControlPlaneUnreachable' });
  await expect(Array.fromAsync(watch())).rejects.toMatchObject({ reason: 'Expired' });
  stop.abort();
  expect(await end).toMatchObject({ done: true });
});

test('logs are streamed as they come', async () => {
  const client = await serving((request, response) => {
    expect(request.url).toBe('/api/v1/namespaces/ns/pods/p/log?container=app&follow=true');
    response.write('first\n');
  });
  const stream = await client.podLogs('ns', 'p', { container: 'app', follow: true });
  const first = await stream[Symbol.asyncIterator]().next();
  expect(String(first.value)).toBe('first\n');
  stream.on('error', () => {}).destroy();
});
