import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { Service, vipOf } from '#api/kinds/service.ts';
import { VirtualService } from '#api/kinds/virtual-service.ts';
import { gatewayOf } from '#api/mesh/addresses.ts';
import { awaitLive } from '#cli/rollout/live.ts';
import { behave, ENDPOINT } from '../support/endpoint-program.ts';
import { execInPod } from '../support/exec-in-pod.ts';
import { TestMesh } from '../support/mesh.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import { programPod, service } from '../support/programs.ts';
import { mistakesIn, outline, type SeenSpan, spansOf, tracesOf } from '../support/span-trees.ts';

/**
 * Bookinfo and an endpoint that does as it is told, every request recorded, and a collector in the place of the trace
 * viewer: what it decodes has to be whole trees.
 */
const TRACES = { port: 16686, grpcPort: 4317, httpPort: 4318 };
const LIVE_SECONDS = 20;
let mesh: TestMesh;
let collector: OtlpReceiver;
let web: Stored<Pod>;

const example = (path: string): string => readFileSync(`examples/${path}`, 'utf8');

beforeAll(async () => {
  mesh = await TestMesh.start({ addons: { traces: TRACES } });
  collector = await OtlpReceiver.start(gatewayOf(mesh.config), TRACES.grpcPort);
  await mesh.apply(
    example('bookinfo/bookinfo.yaml'),
    example('bookinfo/networking/destination-rule-all.yaml'),
    example('bookinfo/telemetry.yaml'),
    service('web'),
    programPod({ name: 'web', app: 'web', program: ENDPOINT, ready: true }),
    example('curl/curl.yaml'),
  );
  for (const [app, pods] of [
    ['productpage', 1],
    ['details', 1],
    ['ratings', 1],
    ['reviews', 3],
    ['curl', 1],
  ] as const)
    await mesh.podsReady(app, pods);
  web = await mesh.podReady('web');
  await rule('reviews', { route: [{ destination: { host: 'reviews', subset: 'v2' } }] });
});
afterAll(async () => {
  collector?.[Symbol.dispose]();
  await mesh?.[Symbol.asyncDispose]();
});
afterEach(async () => {
  await behave(web, {});
  await forget('ratings');
  await forget('web');
});

/** Resolves when every sidecar has it. */
async function rule(name: string, http: object): Promise<void> {
  const { metadata } = await mesh.client.create(VirtualService, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name, namespace: 'default' },
    spec: { hosts: [name], http: [http] },
  } as VirtualService);
  await awaitLive(mesh.client, metadata.resourceVersion, LIVE_SECONDS);
}

const forget = (name: string): Promise<unknown> => mesh.client.delete(VirtualService, 'default', name);

/** Loads the page as a browser that says it is `agent`. */
async function page(agent: string): Promise<number> {
  const found = await mesh.client.get(Service, 'default', 'productpage');
  const url = `http://${vipOf(found!)}:9080/productpage`;
  const { statusCode, body } = await request(url, { headers: { 'user-agent': agent } });
  await body.dump();
  return statusCode;
}

/** Asks the endpoint from a pod of the mesh. */
async function curl(agent: string, ...words: readonly string[]): Promise<string> {
  const [pod] = await mesh.podsReady('curl', 1);
  const command = [
    'curl',
    '-s',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code}',
    '-A',
    agent,
    ...words,
    'http://web/asked',
  ];
  const { stdout } = await execInPod(mesh.config, pod!.metadata.name, command, undefined, 'curl');
  return stdout;
}

/** The spans of the one trace that `agent` began, once they are a whole tree of so many. */
function traceOf(agent: string, count: number): Promise<SeenSpan[]> {
  let came = 'nothing';
  return mesh
    .until(`a whole trace of ${count} spans has come`, () => {
      const found = [...tracesOf(spansOf(collector.requests)).values()].filter((spans) =>
        spans.some(({ attributes }) => attributes.get('user_agent') === agent),
      );
      came = found.map((spans) => `${outline(spans)}\n${mistakesIn(spans).join('\n')}`).join('\n---\n');
      const [spans] = found;
      const whole = found.length === 1 && spans!.length === count && mistakesIn(spans!).length === 0;
      return whole ? spans : undefined;
    })
    .catch((error: unknown) => {
      throw new Error(`${String(error)}\ncame:\n${came}`);
    });
}

describe('a page of Bookinfo', () => {
  test('is one tree: every hop twice, each try a child of its request', async () => {
    const agent = randomUUID();
    expect(await page(agent)).toBe(200);
    const spans = await traceOf(agent, 10);
    expect(outline(spans)).toBe(`\
server productpage GET /productpage 200
  client productpage GET /details/0 200
    try details 200
      server details GET /details/0 200
  client productpage GET /reviews/0 200
    try reviews 200
      server reviews GET /reviews/0 200
        client reviews GET /ratings/0 200
          try ratings 200
            server ratings GET /ratings/0 200`);
    expect(spans.some(({ failed }) => failed)).toBe(false);
  });

  test('has Istio’s tags on every span of a request, and one request id', async () => {
    const agent = randomUUID();
    await page(agent);
    const spans = (await traceOf(agent, 10)).filter(({ isTry }) => !isTry);
    const namesOf = (key: string): Set<string | undefined> =>
      new Set(spans.map(({ attributes }) => attributes.get(key)));
    for (const { attributes, service: name } of spans) {
      const app = name.split('.')[0]!;
      expect(Object.fromEntries(attributes)).toMatchObject({
        component: 'proxy',
        node_id: expect.stringMatching(
          `^sidecar~10\\.[\\d.]+~${app}-v\\d-[^~]+\\.default~default\\.svc\\.cluster\\.local$`,
        ),
        'http.method': 'GET',
        'http.protocol': 'HTTP/1.1',
        'http.status_code': '200',
        response_flags: '-',
        'istio.canonical_service': app,
        'istio.canonical_revision': app === 'reviews' ? 'v2' : 'v1',
        'istio.namespace': 'default',
        'istio.mesh_id': 'cluster.local',
        upstream_cluster: expect.stringMatching(/^(in|out)bound\|9080\|/),
        'guid:x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      });
    }
    expect(namesOf('guid:x-request-id').size).toBe(1);
    expect(namesOf('user_agent')).toEqual(new Set([agent]));
  });

  test('shows an injected delay as an event of the request that waited', async () => {
    await rule('ratings', {
      fault: { delay: { fixedDelay: '0.3s', percentage: { value: 100 } } },
      route: [{ destination: { host: 'ratings' } }],
    });
    const agent = randomUUID();
    expect(await page(agent)).toBe(200);
    const spans = await traceOf(agent, 10);
    expect(outline(spans)).toContain(`
        client reviews GET /ratings/0 200 DI [fault.delay]
          try ratings 200
            server ratings GET /ratings/0 200`);
    const delayed = spans.find(({ events }) => events.includes('fault.delay'))!;
    expect(delayed.endNs - delayed.startNs).toBeGreaterThanOrEqual(300_000_000n);
  });

  test('shows an injected abort, behind which there is no try', async () => {
    await rule('ratings', {
      fault: { abort: { httpStatus: 500, percentage: { value: 100 } } },
      route: [{ destination: { host: 'ratings' } }],
    });
    const agent = randomUUID();
    expect(await page(agent)).toBe(200);
    const spans = await traceOf(agent, 8);
    expect(outline(spans).split('\n').at(-1)).toBe(
      '        client reviews GET /ratings/0 500 FI [fault.abort]',
    );
    expect(spans.filter(({ failed }) => failed).map(({ service: name }) => name)).toEqual([
      'reviews.default',
    ]);
  });
});

describe('a request of a pod', () => {
  test('has a child for each try, and an event for each retry', async () => {
    await rule('web', {
      retries: { attempts: 2, retryOn: '5xx' },
      route: [{ destination: { host: 'web' } }],
    });
    await behave(web, { status: 503 });
    const agent = randomUUID();
    expect(await curl(agent)).toBe('503');
    // That there was no further try is said of the request, not of its last try, as in Envoy.
    expect(outline(await traceOf(agent, 7))).toBe(`\
client curl GET /asked 503 URX [retry, retry]
  try web 503
    server web GET /asked 503
  try web 503
    server web GET /asked 503
  try web 503
    server web GET /asked 503`);
  });

  test('says that its time was over, while its callee goes on', async () => {
    await rule('web', {
      timeout: '0.2s',
      retries: { attempts: 0 },
      route: [{ destination: { host: 'web' } }],
    });
    await behave(web, { delay: 1_000 });
    const agent = randomUUID();
    expect(await curl(agent)).toBe('504');
    const spans = await traceOf(agent, 3);
    const [client, attempt, server] = outline(spans).split('\n');
    expect(client).toBe('client curl GET /asked 504 UT [deadline]');
    expect(attempt).toMatch(/^ {2}try web /);
    expect(server).toMatch(/^ {4}server web GET \/asked /);
    expect(spans.find(({ kind, isTry }) => kind === 'client' && !isTry)?.failed).toBe(true);
  });

  test('goes on with the trace of its caller, or with the caller’s wish that there be none', async () => {
    const traceId = randomUUID().replaceAll('-', '');
    const [sampled, unsampled] = [randomUUID(), randomUUID()];
    await curl(unsampled, '-H', `traceparent: 00-${randomUUID().replaceAll('-', '')}-00000000000000a1-00`);
    await curl(sampled, '-H', `traceparent: 00-${traceId}-00000000000000a1-01`);
    const spans = await mesh.until('the three spans of the sampled request have come', () => {
      const found = spansOf(collector.requests).filter((span) => span.traceId === traceId);
      return found.length === 3 ? found : undefined;
    });
    expect(mistakesIn(spans)).toEqual([
      'there are 0 roots',
      expect.stringMatching(/client of curl.* has lost its parent/),
    ]);
    expect(spans.filter(({ parent }) => parent === '00000000000000a1')).toHaveLength(1);
    const agents = spansOf(collector.requests).map(({ attributes }) => attributes.get('user_agent'));
    expect(agents).toContain(sampled);
    expect(agents).not.toContain(unsampled);
  });
});
