import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '#api/foundation/clock.ts';
import { silentLogger } from '#api/foundation/logger.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { CLUSTER_TYPE } from '#api/xds/resource-types.ts';
import { describeRequest } from '../apiserver/observation.ts';
import { createWorkQueue } from '../controllers/queue/work-queue.ts';
import { createPushMetrics } from '../push/metrics.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { createApiMetrics } from './api-metrics.ts';
import { createMetrics } from './metrics.ts';
import { createQueueMetrics } from './queue-metrics.ts';
import { observeStore } from './store-metrics.ts';

let registry: Registry;
beforeEach(() => {
  registry = new Registry();
});

interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

/** Value of one series, by the labels that are named. */
async function sampleOf(
  name: string,
  labels: Record<string, string | number> = {},
): Promise<number | undefined> {
  const metrics = await registry.getMetricsAsJSON();
  const family = metrics.find((metric) => metric.name === name || name.startsWith(`${metric.name}_`));
  const values = (family?.values ?? []) as unknown as Sample[];
  return values.find(
    (each) =>
      (each.metricName === undefined || each.metricName === name) &&
      Object.entries(labels).every(([key, value]) => each.labels[key] === value),
  )?.value;
}

describe('requests to the API', () => {
  const rows: [string, string, string, boolean, object][] = [
    [
      'an object',
      'GET',
      '/api/v1/namespaces/a/pods/b',
      false,
      { verb: 'GET', resource: 'pods', scope: 'resource' },
    ],
    [
      'a collection',
      'GET',
      '/apis/apps/v1/deployments',
      false,
      { verb: 'LIST', group: 'apps', scope: 'cluster' },
    ],
    ['a watch', 'GET', '/api/v1/pods?watch=1', false, { verb: 'WATCH', resource: 'pods', scope: 'cluster' }],
    [
      'a subresource',
      'PUT',
      '/api/v1/namespaces/a/pods/b/status',
      false,
      { verb: 'PUT', subresource: 'status' },
    ],
    ['a stream', 'GET', '/api/v1/namespaces/a/pods/b/exec', true, { verb: 'CONNECT', subresource: 'exec' }],
    ['an unknown subresource', 'GET', '/api/v1/namespaces/a/pods/b/zzz', false, { subresource: '' }],
    [
      'an unknown resource',
      'GET',
      '/api/v1/namespaces/a/zzz/b',
      false,
      { resource: '', scope: '', verb: 'GET' },
    ],
    ['a strange method', 'PURGE', '/', false, { verb: 'other', resource: '' }],
    ['a dry run', 'POST', '/api/v1/namespaces/a/pods?dryRun=All', false, { dry_run: 'All', verb: 'POST' }],
  ];
  test.each(rows)('%s', async (_, method, url, upgraded, labels) => {
    const metrics = createApiMetrics(registry);
    metrics.began(describeRequest({ method, url }, upgraded))(200, 0.1);
    expect(await sampleOf('apiserver_request_total', { ...labels, code: 200 } as never)).toBe(1);
  });

  test('unknown paths and methods share one series', async () => {
    const metrics = createApiMetrics(registry);
    for (let i = 0; i < 50; i += 1) {
      metrics.began(describeRequest({ method: `M${i}`, url: `/api/v1/x${i}/y` }))(404, 0);
    }
    expect(await sampleOf('apiserver_request_total', { verb: 'other', code: 404 })).toBe(50);
  });

  test('a watch is long-running, and has no duration', async () => {
    const metrics = createApiMetrics(registry);
    const ended = metrics.began(describeRequest({ method: 'GET', url: '/api/v1/pods?watch=1' }));
    expect(await sampleOf('apiserver_longrunning_requests', { verb: 'WATCH', resource: 'pods' })).toBe(1);
    expect(await sampleOf('apiserver_current_inflight_requests', { request_kind: 'readOnly' })).toBe(0);
    ended(200, 60);
    expect(await sampleOf('apiserver_longrunning_requests', { verb: 'WATCH', resource: 'pods' })).toBe(0);
    expect(await sampleOf('apiserver_request_duration_seconds_count')).toBeUndefined();
  });

  test('a write in flight is mutating', async () => {
    const metrics = createApiMetrics(registry);
    const ended = metrics.began(describeRequest({ method: 'POST', url: '/api/v1/namespaces/a/pods' }));
    expect(await sampleOf('apiserver_current_inflight_requests', { request_kind: 'mutating' })).toBe(1);
    ended(201, 0.003);
    expect(await sampleOf('apiserver_current_inflight_requests', { request_kind: 'mutating' })).toBe(0);
    expect(await sampleOf('apiserver_request_duration_seconds_bucket', { le: 0.005, verb: 'POST' })).toBe(1);
    expect(await sampleOf('apiserver_request_duration_seconds_bucket', { le: 0.0025, verb: 'POST' })).toBe(0);
  });
});

test('a queue counts adds, rounds and retries', async () => {
  let rounds = 0;
  const done = Promise.withResolvers<void>();
  const queue = createWorkQueue(
    {
      name: 'things',
      after: Promise.resolve(),
      async reconcile() {
        rounds += 1;
        if (rounds === 1) throw new Error('not yet');
        done.resolve();
        return undefined;
      },
    },
    {
      clock: systemClock,
      random: seededRandom(1),
      logger: silentLogger,
      observeQueue: createQueueMetrics(registry),
    },
  );
  queue.add('a');
  queue.add('a');
  expect(await sampleOf('workqueue_depth', { name: 'things' })).toBe(1);
  await done.promise;
  await queue.close();
  expect(await sampleOf('workqueue_depth', { name: 'things' })).toBe(0);
  expect(await sampleOf('workqueue_adds_total', { name: 'things' })).toBe(2);
  expect(await sampleOf('workqueue_retries_total', { name: 'things' })).toBe(1);
  expect(await sampleOf('workqueue_work_duration_seconds_count', { name: 'things' })).toBe(2);
  expect(await sampleOf('workqueue_queue_duration_seconds_count', { name: 'things' })).toBe(2);
});

describe('an observed store', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync('/tmp/weft-store-metrics-');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('counts by outcome, tells its size, and counts watches while they are open', async () => {
    const path = join(directory, 'store.db');
    const store = observeStore(openSqliteStore({ path }), { registry, clock: systemClock, path });
    await store.create('/a', '1');
    await store.create('/a', '1');
    await store.get('/a');
    await expect(store.list('/', { at: 99 })).rejects.toMatchObject({ code: 'FutureRevision' });
    const count = (operation: string, outcome: string) =>
      sampleOf('weft_store_operations_total', { operation, outcome });
    expect(await count('create', 'written')).toBe(1);
    expect(await count('create', 'exists')).toBe(1);
    expect(await count('get', 'ok')).toBe(1);
    expect(await count('list', 'failed')).toBe(1);
    expect(await sampleOf('weft_store_revision')).toBe(await store.revision());
    expect(await sampleOf('weft_store_size_bytes', { file: 'database' })).toBeGreaterThan(0);

    const stop = new AbortController();
    const watch = store.watch('/', (await store.revision()) - 1, stop.signal)[Symbol.asyncIterator]();
    expect((await watch.next()).value).toMatchObject({ key: '/a' });
    expect(await sampleOf('weft_store_watches')).toBe(1);
    stop.abort();
    await watch.next().catch(() => {});
    expect(await sampleOf('weft_store_watches')).toBe(0);
    await store.close();
  });
});

describe('pushes', () => {
  const size = { services: () => 3, virtualServices: () => 2 };

  test('are told in bytes, and counters of foreign names are untyped', async () => {
    const metrics = createPushMetrics(registry, size);
    const resources = [{ name: 'a', version: '1', bytes: new Uint8Array(20_000) }];
    const push = { type: CLUSTER_TYPE, nonce: '1', generation: 1, removed: [] } as const;
    metrics.pushed({ ...push, resources: resources as never }, 0.002);
    expect(await sampleOf('pilot_xds_pushes', { type: 'cds' })).toBe(1);
    expect(await sampleOf('pilot_xds_config_size_bytes_bucket', { type: 'cds', le: 10_000 })).toBe(0);
    expect(await sampleOf('pilot_xds_config_size_bytes_bucket', { type: 'cds', le: 1_000_000 })).toBe(1);
    expect(await registry.metrics()).toContain('# TYPE pilot_xds_pushes untyped');
    expect(await sampleOf('pilot_services')).toBe(3);
    expect(await sampleOf('pilot_virt_services')).toBe(2);
  });

  test('refusals by more proxies than are told apart come under no name', async () => {
    const metrics = createPushMetrics(registry, size);
    for (let i = 0; i < 250; i += 1) metrics.refused(CLUSTER_TYPE, `p${i}.default`);
    expect(await sampleOf('pilot_total_xds_rejects', { type: 'cds' })).toBe(250);
    expect(await sampleOf('pilot_xds_cds_reject', { node: 'p0.default' })).toBe(1);
    expect(await sampleOf('pilot_xds_cds_reject', { node: '' })).toBe(50);
  });
});

test('the program says its version', async () => {
  ({ registry } = createMetrics());
  expect(await sampleOf('istio_build', { component: 'pilot' })).toBe(1);
});
