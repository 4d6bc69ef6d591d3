import { request } from 'node:http';
import { toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ExportTraceServiceRequestSchema } from '#api/otlp/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { startOnLoopback } from '#test/support/trace-viewer.ts';
import { LIMITS } from '../limits.ts';
import type { OwnedSpan } from '../model/span.ts';
import { readSpans } from '../otlp/read-spans.ts';
import { type Hop, PAGE, requestOf, traceIdFor } from '../testing/page-of-bookinfo.ts';
import type { TraceViewer } from '../trace-viewer.ts';
import { coloursOf } from './colours.ts';
import { html } from './html.ts';
import { isOwnHost } from './web-server.ts';
import { agoText, durationText, labelOf } from './words.ts';

const EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>\'\u202e';
const evil: Hop = {
  ...PAGE[0]!,
  service: EVIL,
  name: EVIL,
  tags: { [EVIL]: EVIL, reason: EVIL, response_flags: EVIL, 'http.response.status_code': EVIL },
  events: [{ name: EVIL, at: 1, tags: { [EVIL]: EVIL } }],
  error: EVIL,
};

let viewer: TraceViewer;
beforeAll(async () => {
  viewer = await startOnLoopback();
  const traces = [
    requestOf(0xa1, 1_700_000_000_000),
    requestOf(0xa2, 1_700_000_001_000, [evil]),
    requestOf(
      0xa3,
      1_700_000_002_000,
      PAGE.filter(({ id }) => id !== 7),
    ),
  ];
  for (const trace of traces) for (const span of readSpans(trace).spans) viewer.store.add(span, '10.244.0.5');
});
afterAll(() => viewer[Symbol.asyncDispose]());

const get = (path: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${viewer.ports.pages}${path}`, { redirect: 'manual' });
const textOf = async (path: string): Promise<string> => (await get(path)).text();

describe('pages', () => {
  test.each([
    '/search',
    `/search?service=${encodeURIComponent(EVIL)}&operation=${encodeURIComponent(EVIL)}&errors=true`,
    `/search?tags=${encodeURIComponent(EVIL)}`,
    `/search?minDuration=${encodeURIComponent(EVIL)}`,
    '/trace/a2',
    `/trace/${encodeURIComponent(EVIL)}`,
    `/${encodeURIComponent(EVIL)}`,
  ])('show what strangers wrote and never obey it: %s', async (path) => {
    const text = await textOf(path);
    expect(text).not.toMatch(/<script>|<img|\u202e/);
    const tags = text.replace(/"[^"]*"/g, '""');
    expect(tags).not.toMatch(/<[^>]*\s(style|on\w+)=/); // Neither would get past the policy.
  });

  test.each(['/search', '/trace/a1', '/api/services', '/assets/page.js', '/metrics', '/nowhere'])(
    'allow nothing from elsewhere: %s',
    async (path) => {
      const { headers } = await get(path);
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; style-src 'self'; script-src 'self'/,
      );
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).not.toContain('unsafe');
    },
  );

  test('name nothing that is not here', async () => {
    for (const path of ['/search', '/trace/a1']) {
      const targets = [...(await textOf(path)).matchAll(/(?:src|href|action)="([^"]*)"/g)].map(
        ([, target]) => target!,
      );
      expect(targets.length).toBeGreaterThan(4);
      for (const target of targets) expect(target).toMatch(/^[/#]/);
      const assets = targets.filter((target) => target.startsWith('/assets/'));
      for (const asset of assets) expect((await get(asset)).status).toBe(200);
    }
  });

  test('of a trace have every span, its time, and what went wrong in words', async () => {
    const text = await textOf(`/trace/${traceIdFor(0xa1)}`);
    expect(text.match(/class="row/g)).toHaveLength(PAGE.length);
    expect(text).toContain('46 ms');
    expect(text).toContain('the endpoint closed the connection');
    expect(text).toContain('10.244.0.9:9080 closed the connection before it answered');
    expect(text).toContain('try 2');
    expect(text).toMatch(/<line class="event"[^>]*><title>retry<\/title>/);
    expect(text).not.toContain('parent missing');
  });

  test('say which spans have lost their parent', async () => {
    expect((await textOf('/trace/a3')).match(/class="chip warn">parent missing/g)).toHaveLength(1);
  });

  test('of a search have what was asked, and what is wrong with it', async () => {
    const found = await textOf('/search?service=ratings.default&tags=url.path%3D%2Fproductpage');
    expect(found).toContain('<option value="ratings.default" selected>');
    expect(found).toContain('value="url.path=/productpage"');
    expect(found).toContain(`/trace/${traceIdFor(0xa1)}`);
    expect(await textOf('/search?minDuration=soon')).toContain('minDuration is a duration');
    expect(await textOf('/search?service=nobody')).toContain('No trace answers this');
  });

  test('are found by the id of a trace, and say when it is not there', async () => {
    const jump = await get('/trace?id=+A1+');
    expect([jump.status, jump.headers.get('location')]).toEqual([302, '/trace/A1']);
    expect((await get('/trace/ffff')).status).toBe(404);
    expect((await get('/trace/xyz')).status).toBe(400);
  });

  test('of a trace that has more spans than anybody reads are no longer than that', async () => {
    const many = Array.from({ length: LIMITS.rows + 500 }, (_, i) => ({
      ...PAGE[0]!,
      id: i + 1,
      parent: i === 0 ? 0 : 1,
    }));
    for (const span of readSpans(requestOf(0xa9, 1_700_000_000_000, many)).spans)
      viewer.store.add(span, '10.244.0.5');
    const text = await textOf('/trace/a9');
    expect(text.match(/class="row/g)).toHaveLength(LIMITS.rows);
    expect(text).toContain(`The first ${LIMITS.rows} of ${LIMITS.rows + 500} spans`);
  });

  test('of a trace of many services name some, and tell of failures where no row is shown', async () => {
    const many = Array.from({ length: LIMITS.rows + 1 }, (_, i) => ({
      ...PAGE[0]!,
      service: `service-${i % 100}`,
      id: i + 1,
      parent: i === 0 ? 0 : 1,
      from: i,
      ...(i === LIMITS.rows && { error: 'far down' }),
    }));
    for (const span of readSpans(requestOf(0xab, 1_700_000_000_000, many)).spans)
      viewer.store.add(span, '10.244.0.5');
    const text = await textOf('/trace/ab');
    expect(text).toContain('and 70 more services');
    expect(text).toContain('far down');
    const anchors = [...text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    for (const id of anchors) expect(text).toContain(`id="${id}"`);
    expect(await textOf('/search')).toContain('and 88 more');
  });

  test('of a trace that was more than is kept say so', async () => {
    const [{ span, origin } = expect.unreachable()] = readSpans(requestOf(0xaa, 1_700_000_000_000)).spans;
    for (let id = 1; id <= LIMITS.spansPerPart + 2; id++)
      viewer.store.add(
        { span: { ...span, spanId: id.toString(16).padStart(16, '0') }, origin },
        '10.244.0.5',
      );
    expect(await textOf('/trace/aa')).toContain('2 more spans came and are not kept');
  });
});

describe('who may read', () => {
  test.each([
    ['127.0.0.1:16686', true],
    ['localhost:16686', true],
    ['traces.localhost', true],
    ['[::1]:16686', true],
    ['192.168.1.7:8080', true],
    ['evil.example:16686', false],
    ['localhost.evil.example', false],
    ['', false],
    [undefined, false],
  ])('%s: %s', (host, allowed) => expect(isOwnHost(host)).toBe(allowed));

  test('nobody by a name that is not this machine’s, and nobody writes', async () => {
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    request({ port: viewer.ports.pages, headers: { host: 'evil.example' } }, (response) => {
      resolve(response.statusCode);
      response.resume();
    }).end();
    expect(await promise).toBe(421);
    const body = toBinary(ExportTraceServiceRequestSchema, requestOf(1, 0)) as Uint8Array<ArrayBuffer>;
    const answer = await fetch(`http://127.0.0.1:${viewer.ports.pages}/v1/traces`, { method: 'POST', body });
    expect(answer.status).toBe(405);
  });
});

describe('words', () => {
  test.each([
    [0, '0 µs'],
    [4.26, '4.3 µs'],
    [480, '480 µs'],
    [1_234, '1.23 ms'],
    [45_678, '45.7 ms'],
    [1_250_000, '1.25 s'],
    [125_000_000, '2 min 5 s'],
  ])('%d µs is %s', (us, text) => expect(durationText(us)).toBe(text));

  test.each([
    [{ 'http.request.method': 'GET', 'url.path': '/reviews/0' }, 'GET /reviews/0'],
    [{ 'http.method': 'GET', 'http.url': 'http://a:1/b?c=d' }, 'GET /b'],
    [{ 'http.method': 'GET', 'http.url': 'no url' }, 'router outbound egress'],
    [{ upstream_address: '10.244.0.9:9080' }, '→ 10.244.0.9:9080'],
    [{}, 'router outbound egress'],
  ])('of a span with %j are %s', (tags, label) => {
    const [{ span }] = readSpans(requestOf(1, 0)).spans as [OwnedSpan];
    const own = Object.entries(tags).map(([key, value]) => ({ key, value }));
    expect(labelOf({ ...span, name: 'router outbound egress', tags: own })).toBe(label);
  });

  test('time that passed', () => {
    expect([1, 90, 7_200, 200_000].map((s) => agoText(0, s * 1e6))).toEqual([
      '1 s ago',
      '1 min ago',
      '2 h ago',
      '2 d ago',
    ]);
  });

  test('values are escaped, pieces of pages are not', () => {
    expect(html`<b title="${'"'}">${html`<i>${'<&>'}</i>`}${undefined}${false}${0}</b>`.text).toBe(
      '<b title="&quot;"><i>&lt;&amp;&gt;</i>0</b>',
    );
  });

  test('services have colours of their own while there are any, the same on every page', () => {
    const services = Array.from({ length: 10 }, (_, i) => `service-${i}`);
    const colour = coloursOf(services);
    expect(new Set(services.map(colour)).size).toBe(10);
    expect(coloursOf(services.toReversed())('service-3')).toBe(colour('service-3'));
  });
});
