import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import { startLoneSidecar } from '#test/support/lone-sidecar.ts';
import { findFlaw } from './admin/exposition-check.ts';
import { DESCRIBED_METRICS } from './described-metrics.ts';
import { TestAdsServer } from './discovery/test-ads-server.ts';
import { allTo, assignment, cluster, httpListener, routes } from './discovery/test-resources.ts';
import type { Sidecar } from './sidecar.ts';

/** One sidecar in this process: a real control plane and a real app; only the redirect is told, not recovered. */
let server: TestAdsServer;
let app: Server;
let sidecar: Sidecar;
let directory: string;
let quits = 0;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'weft-sidecar-'));
  quits = 0;
  server = new TestAdsServer();
  const port = await server.start();
  app = createServer((request, response) => {
    response.end(
      request.url === '/slow' ? undefined : `hello ${request.headers['x-envoy-peer-metadata']?.length ?? 0}`,
    );
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  sidecar = await startLoneSidecar({
    discoveryPort: port,
    config: {
      adminSocket: join(directory, 'admin.sock'),
      appMetrics: { port: (app.address() as AddressInfo).port, path: '/app/metrics' },
    },
    onQuit: () => {
      quits += 1;
    },
  });
});

afterEach(async () => {
  await sidecar.close();
  server.stop();
  app.closeAllConnections();
  app.close();
  rmSync(directory, { recursive: true });
});

interface Reply {
  status: number;
  body: string;
}

function call(options: {
  port?: number;
  socketPath?: string;
  path: string;
  method?: string;
}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', agent: false, headers: { host: 'web' }, ...options },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    request.on('error', reject).end();
  });
}

async function configure(web: Parameters<typeof cluster>[1] = {}): Promise<void> {
  await server.subscription(LISTENER_TYPE, '*');
  server.send(CLUSTER_TYPE, [cluster('web', web)]);
  await server.subscription(ENDPOINT_TYPE, 'web');
  server.send(ENDPOINT_TYPE, [assignment('web', [`127.0.0.1:${(app.address() as AddressInfo).port}`])]);
  server.send(LISTENER_TYPE, [httpListener(80)]);
  await server.subscription(ROUTE_TYPE, '80');
  await server.answerTo(server.send(ROUTE_TYPE, [routes('80', [allTo('web')])]));
}

const throughMesh = (path: string): Promise<Reply> => call({ port: sidecar.ports.outbound, path });
const isReady = (): Promise<Reply> => call({ port: sidecar.ports.readiness, path: '/healthz/ready' });

test('is not ready before it is configured, carries requests then, and counts them', async () => {
  expect((await isReady()).status).toBe(503);
  await configure();
  expect((await isReady()).status).toBe(200);

  const reply = await throughMesh('/');
  expect(reply).toMatchObject({ status: 200, body: expect.stringMatching(/^hello [1-9]/) });

  const metrics = await call({ port: sidecar.ports.metrics, path: '/stats/prometheus' });
  expect(metrics.body).toMatch(/istio_requests_total\{reporter="source".*response_code="200".*\} 1\n/);
  expect(metrics.body).toContain('weft_sidecar_ready 1');
});

const APP_PAGE = '# HELP orders_total Orders.\n# TYPE orders_total counter\norders_total 7\n';

/** The app answers its metrics with this from now on. */
function appTells(text: string): void {
  app.removeAllListeners('request');
  app.on('request', (request, response) => response.end(request.url === '/app/metrics' ? text : 'hello'));
}

test("tells on one port what it counts, and on another the app's metrics behind it", async () => {
  await configure();
  appTells(APP_PAGE);
  const own = await call({ port: sidecar.ports.ownMetrics, path: '/stats/prometheus' });
  expect(own.body).toContain('weft_sidecar_ready 1');
  expect(own.body).not.toContain('orders_total');
  const merged = await call({ port: sidecar.ports.metrics, path: '/stats/prometheus' });
  expect(merged.body.endsWith(APP_PAGE)).toBe(true);
  expect(merged.body).toContain('weft_sidecar_app_scrape_success 1\n');
});

test("an app that tells nonsense takes nothing from the sidecar's part", async () => {
  await configure();
  appTells('orders_total seven\n');
  const merged = await call({ port: sidecar.ports.metrics, path: '/metrics' });
  expect(merged.body).toContain('weft_sidecar_ready 1');
  expect(merged.body).not.toContain('orders_total');
  expect(merged.body).toContain('weft_sidecar_app_scrape_failures_total{reason="syntax"} 1');
});

test('everything that it tells is described, and once, as Prometheus has it', async () => {
  await configure();
  await throughMesh('/');
  await server.answerTo(
    server.send(CLUSTER_TYPE, [cluster('bad', { lb_policy: 'RING_HASH', type: 'LOGICAL_DNS' })]),
  );
  appTells(APP_PAGE);
  await call({ port: sidecar.ports.metrics, path: '/metrics' });
  const { body } = await call({ port: sidecar.ports.metrics, path: '/metrics' });
  expect(await findFlaw(body, () => false)).toBeUndefined();
  const described = new Map(DESCRIBED_METRICS.map((metric) => [metric.name, metric]));
  const seen = new Set<string>();
  const lines = body
    .slice(0, -APP_PAGE.length)
    .split('\n')
    .filter((line) => line !== '');
  for (const line of lines) {
    expect(seen, line).not.toContain(line.split('} ')[0]);
    seen.add(line.split('} ')[0] ?? '');
    const [, word, name = ''] = /^# (HELP|TYPE) (\w+) .+$/.exec(line) ?? [];
    if (word !== undefined) {
      expect(described.has(name), line).toBe(true);
      continue;
    }
    const [, sample = '', labels = ''] = /^(\w+)(?:\{(.*)\})? [^ ]+$/.exec(line) ?? [];
    const metric = described.get(sample) ?? described.get(sample.replace(/_(bucket|sum|count)$/, ''));
    const names = [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label);
    expect([line, names.filter((label) => label !== 'le')]).toEqual([line, metric?.labels]);
  }
});

/** The name is Istio's, and every dashboard's. */
const ISTIO_NAME = 'istio_request_duration_milliseconds use base unit "seconds" instead of "milliseconds"\n';

test.runIf(existsSync('/usr/bin/promtool'))(
  'promtool has nothing to say against it but that Istio counts milliseconds',
  async () => {
    await configure();
    await throughMesh('/');
    appTells(APP_PAGE);
    const { body } = await call({ port: sidecar.ports.metrics, path: '/metrics' });
    const { stdout, stderr } = spawnSync('/usr/bin/promtool', ['check', 'metrics'], {
      input: body,
      encoding: 'utf8',
    });
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: ISTIO_NAME });
  },
);

test('counts by service who was ejected and what breakers had no room for', async () => {
  const page = async () =>
    (await call({ port: sidecar.ports.metrics, path: '/stats/prometheus' })).body
      .split('\n')
      .filter((line) => /^weft_sidecar_(outlier|breaker|retries)/.test(line));
  const ejection = { consecutive_5xx: 1, max_ejection_percent: 100 };
  const thresholds = [{ max_requests: 1, track_remaining: true }];
  const services = [{ host: 'web.shop', name: 'web', namespace: 'shop' }];
  await configure({
    metadata: { filter_metadata: { istio: { services } } },
    outlier_detection: ejection,
    circuit_breakers: { thresholds },
  });
  expect(await page()).toEqual([]);

  const answers = new Promise<{ failing: () => void }>((resolve) => {
    app.removeAllListeners('request');
    app.on('request', (_request, response) => resolve({ failing: () => void response.writeHead(500).end() }));
  });
  const first = throughMesh('/');
  const { failing } = await answers;
  expect((await throughMesh('/')).status).toBe(503);
  failing();
  expect((await first).status).toBe(500);
  expect(await page()).toEqual([
    'weft_sidecar_outlier_ejections_total{destination_service="web.shop",cause="consecutive-5xx"} 1',
    'weft_sidecar_outlier_ejected_endpoints{destination_service="web.shop"} 1',
    'weft_sidecar_breaker_overflows_total{destination_service="web.shop",breaker="requests"} 1',
  ]);
});

test('shows on its admin port and socket what it runs, and what it refused', async () => {
  await configure();
  await throughMesh('/');
  await server.answerTo(
    server.send(CLUSTER_TYPE, [cluster('bad', { lb_policy: 'LOAD_BALANCING_POLICY_CONFIG' })]),
  );

  const dump = await call({ socketPath: join(directory, 'admin.sock'), path: '/config_dump' });
  const { configs } = JSON.parse(dump.body);
  expect(configs[0]).toMatchObject({
    '@type': 'type.googleapis.com/envoy.admin.v3.ClustersConfigDump',
    dynamic_active_clusters: [{ version_info: '1', cluster: { name: 'web', type: 'EDS' } }],
    refused: [{ name: 'bad', details: ['lb_policy: LOAD_BALANCING_POLICY_CONFIG is not supported'] }],
  });
  expect(configs[1].dynamic_listeners[0].active_state.listener.filter_chains).toHaveLength(1);
  expect(configs[2].dynamic_route_configs[0].route_config.name).toBe('80');
  expect(configs[4].clusters[0].endpoints[0]).toMatchObject({ active: 0, failure_share: 0 });
  expect(configs[4].clusters[0].endpoints[0].latency_ms).toBeGreaterThan(0);

  const clusters = await call({ port: sidecar.ports.admin, path: '/clusters' });
  expect(clusters.body).toMatch(/^web::policy::round-robin\n(?:.*\n)*web::127\.0\.0\.1:\d+::workload::\n/);
});

test('answers 404 and 405 with what there is, and quits only when asked properly', async () => {
  const { admin } = sidecar.ports;
  expect(await call({ port: admin, path: '/nothing' })).toMatchObject({ status: 404 });
  expect(await call({ port: admin, path: '/quitquitquit' })).toMatchObject({
    status: 405,
    body: 'use POST\n',
  });
  expect(quits).toBe(0);
  expect(await call({ port: admin, path: '/quitquitquit', method: 'POST' })).toMatchObject({ status: 200 });
  expect(quits).toBe(1);
});

test('a drain answers what is under way and is not ready meanwhile', async () => {
  await configure();
  const reached = new Promise<{ answer: () => void }>((resolve) => {
    app.removeAllListeners('request');
    app.on('request', (_request, response) => resolve({ answer: () => response.end('late') }));
  });
  const reply = throughMesh('/slow');
  const { answer } = await reached;
  const drained = sidecar.drain();
  expect((await isReady()).status).toBe(503);
  answer();
  expect(await reply).toEqual({ status: 200, body: 'late' });
  await drained;
});

test('carries requests while the control plane is away', async () => {
  await configure();
  server.stop();
  expect((await throughMesh('/')).status).toBe(200);
  expect((await isReady()).status).toBe(200);
});
