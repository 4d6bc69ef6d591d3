import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { processesOf } from '../../support/pod-processes.ts';
import { sidecarMetric, Tasks } from '../../support/tasks.ts';

/** The tasks that are told with httpbin: circuit breaking, mirroring, and what routes change in requests and answers. */
let tasks: Tasks;

/** Routes of httpbin: the fields of one HTTPRoute each. */
const routes = (...http: object[]): Promise<void> =>
  tasks.applyText(
    JSON.stringify({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'httpbin' },
      spec: { hosts: ['httpbin'], http },
    }),
  );
const TO_HTTPBIN = { route: [{ destination: { host: 'httpbin' } }] };
beforeAll(async () => {
  tasks = await Tasks.start('httpbin', 'curl', 'httpbin/sample-client/fortio-deploy.yaml');
});
afterAll(() => tasks?.[Symbol.asyncDispose]());

/** Lines that an httpbin has printed. */
async function logOf(version: string): Promise<string[]> {
  const pods = await tasks.mesh.podsReady('httpbin', 2);
  const pod = pods.find(({ metadata }) => metadata.labels?.['version'] === version);
  return (await tasks.mesh.logs(pod!.metadata.name, 'httpbin')).split('\n');
}

describe('mirroring', () => {
  afterEach(() => tasks.delete('tasks/mirroring/httpbin-v1.yaml'));

  test('v2 gets a copy of what v1 answers', async () => {
    await tasks.apply('tasks/mirroring/httpbin-v1.yaml');
    await tasks.curl('http://httpbin:8000/headers?alone');
    await tasks.apply('tasks/mirroring/mirror-to-v2.yaml');
    expect(await tasks.curl('http://httpbin:8000/headers?twice')).toContain('"Host": "httpbin:8000"');
    const copy = await tasks.mesh.until('the copy is in the log of v2', async () =>
      (await logOf('v2')).find((line) => line.includes('twice')),
    );
    expect(copy).toBe('httpbin-shadow:8000 "GET /headers?twice" 200');
    expect((await logOf('v1')).filter((line) => /alone|twice/.test(line))).toEqual([
      'httpbin:8000 "GET /headers?alone" 200',
      'httpbin:8000 "GET /headers?twice" 200',
    ]);
    expect((await logOf('v2')).join()).not.toContain('alone');
  });
});

test('a mirror that hangs does not keep the caller waiting', async () => {
  await tasks.apply('tasks/mirroring/httpbin-v1.yaml', 'tasks/mirroring/mirror-to-v2.yaml');
  const pods = await tasks.mesh.podsReady('httpbin', 2);
  const v2 = pods.find(({ metadata }) => metadata.labels?.['version'] === 'v2')!;
  const { pid } = processesOf(v2).find(({ command }) => command.startsWith('node '))!;
  process.kill(pid, 'SIGSTOP');
  try {
    const { codes, ms } = await tasks.load('-c', '2', '-n', '20', 'http://httpbin:8000/get');
    expect(codes).toEqual({ 200: 20 });
    expect(ms.max).toBeLessThan(1000);
  } finally {
    process.kill(pid, 'SIGCONT');
    await tasks.delete('tasks/mirroring/httpbin-v1.yaml');
  }
});

describe('circuit breaking', () => {
  beforeAll(() => tasks.scale('httpbin-v2', 0));
  afterEach(() => tasks.delete('tasks/circuit-breaking/httpbin.yaml'));

  test('one connection and one waiting request: two callers get through, of three some are turned away', async () => {
    await tasks.apply('tasks/circuit-breaking/httpbin.yaml');
    expect((await tasks.load('-c', '1', '-n', '1', 'http://httpbin:8000/get')).codes).toEqual({ 200: 1 });
    const two = await tasks.load('-c', '2', '-n', '20', 'http://httpbin:8000/get');
    expect(two.codes['200']).toBeGreaterThanOrEqual(17);
    const three = await tasks.load('-c', '3', '-n', '30', 'http://httpbin:8000/get');
    expect(three.codes['503']).toBeGreaterThan(0);
    expect((three.codes['200'] ?? 0) + (three.codes['503'] ?? 0)).toBe(30);
    const overflows = { response_flags: 'UO', response_code: '503' };
    expect(await sidecarMetric(await tasks.podOf('fortio'), 'istio_requests_total', overflows)).toBe(
      (two.codes['503'] ?? 0) + (three.codes['503'] ?? 0),
    );
  });
});

describe('what a route changes', () => {
  afterAll(() => tasks.delete('tasks/mirroring/httpbin-v1.yaml'));

  test('headers of requests and answers', async () => {
    const headers = {
      request: { set: { 'x-set': 'by the route' }, add: { 'x-added': 'twice' }, remove: ['x-secret'] },
      response: { set: { 'x-served-by': 'weft' }, remove: ['content-type'] },
    };
    await routes({ ...TO_HTTPBIN, headers });
    const sent = ['-H', 'x-set: by the caller', '-H', 'x-added: once', '-H', 'x-secret: 1'];
    const answer = await tasks.curl('-i', ...sent, 'http://httpbin:8000/headers');
    expect(answer).toMatch(/^x-served-by: weft\r$/im);
    expect(answer).not.toMatch(/^content-type:/im);
    expect(answer).toContain('"X-Set": "by the route"');
    expect(answer).toContain('"X-Added": "once,twice"');
    expect(answer).not.toContain('X-Secret');
  });

  test('a redirect, a rewrite and an answer of the route itself', async () => {
    await routes(
      { match: [{ uri: { prefix: '/old' } }], redirect: { uri: '/get', redirectCode: 308 } },
      { match: [{ uri: { prefix: '/api/' } }], rewrite: { uri: '/anything/' }, ...TO_HTTPBIN },
      {
        match: [{ uri: { exact: '/teapot' } }],
        directResponse: { status: 418, body: { string: 'short and stout' } },
      },
      TO_HTTPBIN,
    );
    const moved = await tasks.curl('-i', 'http://httpbin:8000/old/page');
    expect(moved).toMatch(/^HTTP\/1.1 308 .*\r\n[\s\S]*^location: http:\/\/httpbin(:8000)?\/get\r$/im);
    expect(await tasks.curl('http://httpbin:8000/api/orders?id=1')).toContain(
      '"url": "http://httpbin:8000/anything/orders?id=1"',
    );
    expect(await tasks.curl('-w', ' %{http_code}', 'http://httpbin:8000/teapot')).toBe('short and stout 418');
  });

  test('who may ask from another site', async () => {
    const corsPolicy = {
      allowOrigins: [{ exact: 'https://shop.example' }],
      allowMethods: ['GET', 'PUT'],
      allowHeaders: ['x-token'],
      maxAge: '24h',
    };
    await routes({ ...TO_HTTPBIN, corsPolicy });
    const preflight = (origin: string): Promise<string> =>
      tasks.curl(
        ...['-i', '-X', 'OPTIONS', '-H', `origin: ${origin}`, '-H', 'access-control-request-method: PUT'],
        'http://httpbin:8000/put',
      );
    const allowed = await preflight('https://shop.example');
    expect(allowed).toMatch(/^HTTP\/1.1 200 /);
    expect(allowed).toMatch(/^access-control-allow-origin: https:\/\/shop.example\r$/im);
    expect(allowed).toMatch(/^access-control-allow-methods: GET,PUT\r$/im);
    expect(allowed).toMatch(/^access-control-max-age: 86400\r$/im);
    expect(await preflight('https://evil.example')).not.toMatch(/^access-control-allow-origin/im);
  });
});

test('what the sidecar answers itself says so in words', async () => {
  await routes({ ...TO_HTTPBIN, timeout: '0.2s', retries: { attempts: 0 } });
  const answer = await tasks.curl('-i', 'http://httpbin:8000/delay/2');
  await tasks.delete('tasks/mirroring/httpbin-v1.yaml');
  expect(answer).toMatch(/^HTTP\/1.1 504 /);
  expect(answer).toMatch(/^server: weft\r$/im);
  expect(answer).toMatch(/^x-weft-reason: .+\r$/im);
});
