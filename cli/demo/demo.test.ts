import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Pod } from '#api/kinds/pod.ts';
import { styleFor, widthOf } from '../output/style.ts';
import { formatReport } from './report.ts';
import { observe, sendLoad } from './traffic.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close().closeAllConnections();
});

/** Answers request n with what `answer` says. */
async function serving(answer: (n: number) => [number, string]): Promise<string> {
  let n = 0;
  server = createServer((_request, response) => {
    const [status, body] = answer(n);
    n += 1;
    response.writeHead(status).end(body);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server!.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const load = (url: string, requests: number) => ({
  url,
  requests,
  concurrency: 3,
  signal: new AbortController().signal,
});
const reviews = (version: string): string =>
  JSON.stringify({ id: '0', podname: `reviews-${version}-abc-def` });

describe('the demo’s load', () => {
  test('counts which version answered', async () => {
    const url = await serving((n) => [200, reviews(n % 4 === 0 ? 'v2' : 'v1')]);
    const { versions, failed } = await sendLoad(load(url, 20));
    expect(Object.fromEntries(versions)).toEqual({ v1: 15, v2: 5 });
    expect(failed).toBe(0);
  });

  test('counts what failed, and keeps the first reason', async () => {
    const url = await serving((n) => (n < 2 ? [503, 'no healthy upstream'] : [200, reviews('v1')]));
    expect(await sendLoad(load(url, 10))).toMatchObject({
      failed: 2,
      firstFailure: '503 no healthy upstream',
    });
  });

  test('counts a server that is not there', async () => {
    const url = await serving(() => [200, '']);
    server!.close().closeAllConnections();
    expect((await sendLoad(load(url, 3))).failed).toBe(3);
  });

  test('takes percentiles by nearest rank', () => {
    const replies = Array.from({ length: 100 }, (_, i) => ({ ms: i + 1, version: 'v1', failure: undefined }));
    expect(observe(replies)).toMatchObject({ p50Ms: 50, p99Ms: 99 });
    expect(observe([])).toMatchObject({ p50Ms: 0, p99Ms: 0 });
  });
});

describe('the demo’s report', () => {
  const names = ['details-v1', 'productpage-v1', 'ratings-v1', 'reviews-v1', 'reviews-v2', 'reviews-v3'];
  const pods = names.map(
    (name) =>
      ({
        metadata: { name: `${name}-cdglmjbjbc-ff4cw` },
        spec: { containers: [{ name, resources: { limits: { cpu: '500m', memory: '128Mi' } } }] },
        status: { phase: 'Running', podIP: '10.244.255.255' },
      }) as unknown as Pod,
  );
  const seen = (counts: Record<string, number>, failed = 0) => ({
    versions: new Map(Object.entries(counts)),
    failed,
    p50Ms: 4.25,
    p99Ms: 1234.5,
    firstFailure: failed > 0 ? '503 no healthy upstream at all' : undefined,
  });
  const report = {
    pods,
    before: seen({ v1: 100, v2: 100, v3: 100 }),
    after: seen({ v1: 90, v2: 10 }),
    pageUrl: 'http://10.255.255.255:9080/productpage',
    traces: {
      trace: `http://127.0.0.1:16686/trace/${'a'.repeat(32)}`,
      search: 'http://127.0.0.1:16686/search',
    },
    sidecarMetrics: 'http://10.244.255.255:15020/metrics',
    controlPlaneMetrics: 'http://127.0.0.1:15014/metrics',
    weft: './weft',
    networking: 'examples/bookinfo/networking',
  };
  const plain = styleFor({}, {});
  const coloured = styleFor({ isTTY: true }, {});

  test.each([
    ['plain', plain],
    ['in colour', coloured],
  ])('fits a terminal of 80 columns and, with the steps above it, 40 lines: %s', (_name, style) => {
    const lines = formatReport(report, style).split('\n');
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(80);
    expect(lines.length + 7).toBeLessThanOrEqual(40);
  });

  test('says where Prometheus is, how much it reads and one graph', () => {
    const lacking = ['reviews-v1: not found yet'];
    const prometheus = { url: 'http://127.0.0.1:29999', targets: 9, up: 9, lacking: [] };
    const text = formatReport({ ...report, prometheus }, plain);
    expect(text).toContain('http://127.0.0.1:29999  (9 targets, all up)');
    expect(text).toMatch(
      /rates +http:\/\/127\.0\.0\.1:29999\/graph\?g0\.expr=service:istio_requests:rate1m$/m,
    );
    expect(Math.max(...text.split('\n').map(widthOf))).toBeLessThanOrEqual(80);
    expect(text.split('\n').length + 9).toBeLessThanOrEqual(44);
    expect(formatReport({ ...report, prometheus: { ...prometheus, lacking } }, plain)).toContain(
      '(9 of 10 up)',
    );
  });

  test('shows the split, the latencies and the limits', () => {
    const text = formatReport(report, plain);
    expect(text).toMatch(/v1 no stars .* 33 % .* 90 %/);
    expect(text).toMatch(/v3 red stars .* 33 % .* 0 %/);
    expect(text).toContain('4.3 / 1234.5 ms');
    expect(text).toMatch(/reviews-v2-\S+ +Running +\S+ +500m +128Mi/);
  });

  test('leads to a trace where there is a viewer, and to the search when none has come yet', () => {
    expect(formatReport(report, plain)).toMatch(/a trace +http:\/\/127.0.0.1:16686\/trace\/a{32}\n/);
    const late = { ...report.traces, trace: undefined };
    const without = formatReport({ ...report, traces: late }, plain);
    expect(without).not.toContain('a trace ');
    expect(without).toMatch(/all traces +http:\/\/127.0.0.1:16686\/search\n/);
    expect(formatReport({ ...report, traces: undefined }, plain)).not.toContain('traces');
  });

  test('quotes a path for the shell', () => {
    const text = formatReport({ ...report, networking: "/home/a b/it's" }, plain);
    expect(text).toContain("-f \\\n           '/home/a b/it'\\''s/virtual-service-reviews-50-v3.yaml'\n");
  });

  test('shows failures', () => {
    expect(formatReport({ ...report, after: seen({ v1: 9 }, 3) }, plain)).toMatch(
      /failed +none +3 \(503 no healthy/,
    );
  });

  test('has no escape sequences without a terminal', () => {
    expect(formatReport(report, plain)).not.toContain('\x1b');
    expect(formatReport(report, coloured)).toContain('\x1b');
  });
});
