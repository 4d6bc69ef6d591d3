import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestMesh } from '../support/mesh.ts';
import { programPod, service } from '../support/programs.ts';

/** Answers requests, and tells on another port how many. */
const COUNTING = `
const http = require('node:http');
let served = 0;
http.createServer((request, response) => { served += 1; response.end('ok'); }).listen(8080);
http.createServer((request, response) => {
  response.setHeader('content-type', 'text/plain; version=0.0.4');
  response.end(request.url === '/own' ? '# HELP served_total Served.\\n# TYPE served_total counter\\nserved_total ' + served + '\\n' : 'no');
}).listen(9100, '127.0.0.1');
`;

/** Asks 30 times with GET and 12 times with POST, and is done. */
const SHOPPER = `
(async () => {
  for (let i = 0; i < 42; i += 1) {
    const response = await fetch('http://web/', { method: i < 30 ? 'GET' : 'POST' });
    if (response.status !== 200) throw new Error(String(response.status));
    await response.text();
  }
  console.log('done');
  setInterval(() => {}, 1000);
})();
`;

let mesh: TestMesh;
beforeAll(async () => {
  mesh = await TestMesh.start();
  await mesh.apply(
    {
      apiVersion: 'telemetry.istio.io/v1',
      kind: 'Telemetry',
      metadata: { name: 'web-tags' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        metrics: [
          {
            overrides: [
              {
                match: { metric: 'REQUEST_COUNT', mode: 'SERVER' },
                tagOverrides: {
                  request_method: { value: 'request.method' },
                  source_principal: { operation: 'REMOVE' },
                },
              },
              { match: { metric: 'REQUEST_SIZE', mode: 'SERVER' }, disabled: true },
            ],
          },
        ],
      },
    },
    service('web'),
    withAnnotations(programPod({ name: 'web', app: 'web', program: COUNTING, ready: true }), {
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': '9100',
      'prometheus.io/path': '/own',
    }),
  );
  await mesh.podReady('web');
  await mesh.apply(programPod({ name: 'shopper', app: 'shopper', program: SHOPPER }));
  await mesh.until('the shopper is done', async () =>
    (await mesh.logs('shopper').catch(() => '')).includes('done') ? true : undefined,
  );
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

test('what was sent is what its source counts, what its destination counts, and what the app served', async () => {
  const ofShopper = await page('shopper', 15020);
  const ofWeb = await page('web', 15020);
  expect(sum(ofShopper, 'istio_requests_total', 'reporter="source"')).toBe(42);
  expect(sum(ofWeb, 'istio_requests_total', 'reporter="destination"')).toBe(42);
  expect(sum(ofWeb, 'served_total', '')).toBeGreaterThanOrEqual(42);
});

test('a Telemetry adds tags, removes them and drops metrics, at the side that it says', async () => {
  const ofWeb = await page('web', 15090);
  expect(sum(ofWeb, 'istio_requests_total', 'request_method="GET"')).toBe(30);
  expect(sum(ofWeb, 'istio_requests_total', 'request_method="POST"')).toBe(12);
  expect(sum(ofWeb, 'istio_requests_total', 'source_principal=')).toBe(0);
  expect(sum(ofWeb, 'istio_response_bytes_count', 'source_principal=')).toBe(42);
  expect(ofWeb).not.toContain('istio_request_bytes');
  const ofShopper = await page('shopper', 15090);
  expect(ofShopper).not.toContain('request_method');
  expect(sum(ofShopper, 'istio_request_bytes_count', '')).toBe(42);
});

test("the sidecar's own page has nothing of the app's", async () => {
  expect(await page('web', 15090)).not.toContain('served_total');
  expect(await page('web', 15090)).toContain('weft_sidecar_app_scrape_success 1\n');
});

test('annotations lead scrapers to the merged page, with metrics of the app or without', async () => {
  for (const name of ['web', 'shopper']) {
    const { metadata } = await mesh.podReady(name);
    expect(metadata.annotations).toMatchObject({
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': '15020',
      'prometheus.io/path': '/stats/prometheus',
      'weft.dev/app-metrics': name === 'web' ? '9100/own' : '',
    });
  }
});

async function page(pod: string, port: number): Promise<string> {
  const { status } = await mesh.podReady(pod);
  return (await fetch(`http://${status?.podIP}:${port}/stats/prometheus`)).text();
}

/** Of the samples of a metric whose labels hold this text. */
function sum(text: string, metric: string, label: string): number {
  return text
    .split('\n')
    .filter((line) => /^[a-z_]+/.exec(line)?.[0] === metric && line.includes(label))
    .reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
}

function withAnnotations(pod: object, annotations: Record<string, string>): object {
  const { metadata, ...rest } = pod as { metadata: object };
  return { ...rest, metadata: { ...metadata, annotations } };
}
