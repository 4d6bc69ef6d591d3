import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Pod } from '#api/kinds/pod.ts';
import { type Dashboard, filledIn, readDashboards } from '../support/dashboards.ts';
import { behave, ENDPOINT } from '../support/endpoint-program.ts';
import { PROGRAMS, programDeployment, service } from '../support/programs.ts';
import { TestPrometheus } from '../support/prometheus.ts';
import { Tasks } from '../support/tasks.ts';

/**
 * A real Prometheus beside a mesh in which everything happens that people want to see: Bookinfo, answers with errors,
 * retries, an ejected endpoint, a breaker without room, an injected fault, opaque TCP, a container out of memory.
 */

const EXAMPLE = 'examples/prometheus';
const rules = readdirSync(`${EXAMPLE}/rules`).map((file) => `${EXAMPLE}/rules/${file}`);

/** Talks to a server that speaks first, again and again. */
const CALLER = `
const once = () => require('node:net').connect(80, process.env.HOST)
  .on('data', function (data) { if (String(data).startsWith('220')) this.write('hello'); })
  .on('error', () => {}).on('close', () => setTimeout(once, 50));
once();
`;

/** Refused by nobody, failing now and then, slow and narrow. */
const POLICIES = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: flaky }
spec:
  host: flaky
  trafficPolicy:
    outlierDetection: { consecutive5xxErrors: 5, interval: 1s, baseEjectionTime: 2s, maxEjectionPercent: 100 }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: flaky }
spec:
  hosts: [flaky]
  http:
    - retries: { attempts: 2, retryOn: 5xx }
      route: [{ destination: { host: flaky } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: narrow }
spec:
  host: narrow
  trafficPolicy:
    connectionPool: { tcp: { maxConnections: 1 }, http: { http1MaxPendingRequests: 1 } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ratings }
spec:
  hosts: [ratings]
  http:
    - fault: { abort: { percentage: { value: 50 }, httpStatus: 503 } }
      route: [{ destination: { host: ratings, subset: v1 } }]
`;

let tasks: Tasks;
let prometheus: TestPrometheus;
let browsing: NodeJS.Timeout;

beforeAll(async () => {
  tasks = await Tasks.start();
  const { mesh } = tasks;
  // First Prometheus, then the pods: it is to see them start.
  prometheus = await TestPrometheus.start(mesh.config);
  await mesh.until('the first scrape', async () => (await prometheus.query('up')).length >= 3 || undefined);
  await mesh.apply(
    ...['flaky', 'narrow'].map((app) => service(app)),
    service('greeter', { name: 'tcp' }),
    programDeployment({ name: 'flaky', app: 'flaky', program: ENDPOINT, ready: true, replicas: 2 }),
    programDeployment({
      name: 'narrow',
      app: 'narrow',
      program: ENDPOINT,
      ready: true,
      replicas: 1,
      env: { DELAY_MS: '50' },
    }),
    programDeployment({ name: 'greeter', app: 'greeter', program: PROGRAMS.SERVER_FIRST, replicas: 1 }),
    programDeployment({
      name: 'shopper',
      app: 'shopper',
      program: PROGRAMS.LOAD,
      replicas: 1,
      env: { URL: 'http://flaky/', WORKERS: '2', PAUSE_MS: '20' },
    }),
    programDeployment({
      name: 'crowd',
      app: 'crowd',
      program: PROGRAMS.LOAD,
      replicas: 1,
      env: { URL: 'http://narrow/', WORKERS: '6', PAUSE_MS: '50' },
    }),
    programDeployment({
      name: 'caller',
      app: 'caller',
      program: CALLER,
      replicas: 1,
      env: { HOST: 'greeter' },
    }),
    programDeployment({
      name: 'hog',
      app: 'hog',
      program: PROGRAMS.HOG,
      replicas: 1,
      container: { resources: { limits: { memory: '64Mi' } } },
    }),
  );
  await tasks.apply('bookinfo/bookinfo.yaml', 'bookinfo/networking/destination-rule-all.yaml');
  await tasks.applyText(POLICIES);
  const [bad] = await mesh.podsReady('flaky', 2);
  await behave(bad!, { status: 503 });
  const page = `http://${await tasks.address('productpage')}:9080`;
  browsing = setInterval(() => void browse(page), 100);
  for (const sign of SIGNS)
    await mesh.until(sign, async () => (await prometheus.query(sign)).length > 0 || undefined);
});
afterAll(async () => {
  clearInterval(browsing);
  await prometheus?.[Symbol.asyncDispose]();
  await tasks?.[Symbol.asyncDispose]();
});

/** A person with a browser, who mistypes an address now and then. */
async function browse(page: string): Promise<void> {
  for (const path of ['/productpage', '/nowhere']) {
    const { body } = await request(`${page}${path}`);
    await body.dump();
  }
}

/** What the traffic is for. */
const SIGNS = [
  'weft_sidecar_outlier_ejected_endpoints > 0',
  'rate(weft_sidecar_retries_total[1m]) > 0',
  'rate(weft_sidecar_breaker_overflows_total[1m]) > 0',
  'rate(istio_tcp_sent_bytes_total{destination_service_name="greeter"}[1m]) > 0',
  'service_code:istio_requests:rate1m{response_code="503",destination_service_name="ratings"} > 0',
  'service_code:istio_requests:rate1m{response_code="404",destination_service_name="productpage"} > 0',
  'increase(container_oom_events_total[1h]) > 0',
  'service:istio_request_duration_milliseconds:p99_rate5m{destination_service_name="details"}',
];

describe('the examples are as promtool wants them', () => {
  test.each([
    ['configuration', ['check', 'config', `${EXAMPLE}/prometheus.yml`]],
    ['rules', ['check', 'rules', '--lint=all', '--lint-fatal', ...rules]],
    ['alerts', ['test', 'rules', `${EXAMPLE}/tests/alerts.yml`]],
  ])('%s', (_name, args) => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
    expect({ status, said: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, said: '' });
  });
});

test('every pod, the node and the control plane are targets, and all are up', async () => {
  const { items } = await tasks.mesh.client.list(Pod, {});
  const running = items.filter(({ status }) => status?.phase === 'Running');
  const targets = await tasks.mesh.until('all targets are up', async () => {
    const found = await prometheus.targets();
    return found.every(({ health }) => health === 'up') ? found : undefined;
  });
  const of = (pool: string) => targets.filter(({ scrapePool }) => scrapePool === pool);
  expect(
    of('weft-pods')
      .map(({ labels }) => labels['pod'])
      .sort(),
  ).toEqual(running.map(({ metadata }) => metadata.name).sort());
  expect(of('weft-control-plane')).toHaveLength(1);
  expect(of('weft-node').map(({ labels }) => labels['metrics_path'])).toEqual(
    expect.arrayContaining(['/metrics', '/metrics/cadvisor']),
  );
  const { namespace, app, node } = of('weft-pods').find(({ labels }) => labels['app'] === 'details')!.labels;
  expect({ namespace, app, node }).toEqual({
    namespace: 'default',
    app: 'details',
    node: tasks.mesh.config.nodeName,
  });
});

/** Istio's name, which dashboards know, is not in base units; nothing else may be said. */
const ISTIO_NAME = /^istio_request_duration_milliseconds use base unit "seconds" instead of "milliseconds"\n/;

test('what targets tell is as promtool wants it', async () => {
  const targets = await prometheus.targets();
  const pods = targets.filter(({ scrapePool }) => scrapePool === 'weft-pods');
  expect(pods.length).toBeGreaterThan(10);
  const findings = await Promise.all(
    targets.map(async ({ scrapeUrl }) => {
      const { body } = await request(scrapeUrl);
      const input = await body.text();
      const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
      return { scrapeUrl, bytes: input.length, said: (stdout + stderr).replace(ISTIO_NAME, '') };
    }),
  );
  expect(findings.filter(({ bytes, said }) => bytes === 0 || said !== '')).toEqual([]);
});

test('every rule is evaluated, and every recording rule has data', async () => {
  const all = await prometheus.rules();
  expect(all.filter(({ health }) => health !== 'ok')).toEqual([]);
  expect(all.filter(({ type }) => type === 'alerting').length).toBeGreaterThan(20);
  const empty: string[] = [];
  for (const { type, name } of all)
    if (type === 'recording' && (await prometheus.query(name)).length === 0) empty.push(name);
  expect(empty).toEqual([]);
});

/** What a panel that counts misfortunes shows as 0 when there is none; the traffic above has these misfortunes not. */
const WITHOUT_MISFORTUNE = [
  'mesh: Alerts',
  'control-plane: Refused in 1 h',
  'control-plane: Not connected',
  'control-plane: Tries again',
  'node: Waiting',
  'node: Failed probes',
];

/** A service or workload whose every panel is to have data, and others that have what it lacks. */
const CHOICES: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>> = {
  'service.json': ['flaky', 'ratings', 'narrow', 'greeter'].map((service) => ({
    namespace: 'default',
    service,
  })),
  'workload.json': ['flaky', 'productpage-v1', 'greeter', 'reviews-v2'].map((workload) => ({
    namespace: 'default',
    workload,
  })),
};

describe.each(readDashboards().map((dashboard) => [dashboard.file, dashboard] as const))(
  '%s',
  (file, dashboard) => {
    const choices = CHOICES[file] ?? [{}];

    test('has data in every panel', async () => {
      const empty: string[] = [];
      for (const { title, expr } of queriesOf(dashboard))
        if ((await prometheus.query(filledIn(expr, dashboard, choices[0]!))).length === 0)
          empty.push(`${title}: ${expr}`);
      expect(empty).toEqual([]);
    });

    test('is empty of nothing but misfortunes without the zeros that stand for nothing', async () => {
      const empty = new Set<string>();
      for (const { title, expr } of queriesOf(dashboard)) {
        const bare = expr.replaceAll(/ or vector\(\d\)/g, '');
        const found = await Promise.all(
          choices.map((values) => prometheus.query(filledIn(bare, dashboard, values))),
        );
        if (found.every((series) => series.length === 0)) empty.add(`${file.replace('.json', '')}: ${title}`);
      }
      expect([...empty].filter((title) => !WITHOUT_MISFORTUNE.includes(title))).toEqual([]);
    });

    test('offers values for its variables', async () => {
      for (const values of choices) {
        for (const { name, type, query } of dashboard.templating.list) {
          if (type !== 'query') continue;
          const text = filledIn(typeof query === 'string' ? query : query.query, dashboard, values);
          const [, match, label] = /^label_values\((.*), (\w+)\)$/.exec(text)!;
          const offered = await prometheus.labelValues(label!, match!);
          expect(offered).toContain(values[name] ?? offered[0]);
          expect(offered.length).toBeGreaterThan(0);
        }
      }
    });
  },
);

function queriesOf({ panels }: Dashboard): { readonly title: string; readonly expr: string }[] {
  return panels.flatMap(({ title, targets }) => (targets ?? []).map(({ expr }) => ({ title, expr })));
}

test('a pod that is gone is no target any more', async () => {
  const [pod] = await tasks.mesh.pods('crowd');
  const name = pod!.metadata.name;
  await tasks.mesh.client.delete(Pod, 'default', name);
  await tasks.mesh.until(`${name} is no target`, async () => {
    const targets = await prometheus.targets();
    return targets.every(({ labels }) => labels['pod'] !== name) || undefined;
  });
});

test('Prometheus had nothing to complain of', () => {
  expect(prometheus.complaints()).toEqual([]);
});
