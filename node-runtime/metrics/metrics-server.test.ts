import { afterEach, expect, test } from 'vitest';
import { createLogger } from '#api/foundation/logger.ts';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import type { PageServer } from '#api/foundation/page-server.ts';
import { cgroupLayout } from '../resources/cgroup-layout.ts';
import { startMetricsServer } from './metrics-server.ts';
import { createNodeMetrics } from './node-metrics.ts';
import type { Resident } from './resident.ts';
import { shared } from './shared.ts';

const servers: PageServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** Its cgroup is nowhere: it went while it was looked at. */
const GONE: Resident = {
  ...{ namespace: 'n', pod: 'p', uid: 'u', link: 'no-link', cgroup: '/weft-none/podu', sandbox: true },
  containers: [
    {
      ...{ name: 'app', role: 'app', image: 'host', id: 'i', cgroup: '/weft-none/podu/app-0' },
      stage: { at: 'running' },
      record: { attempt: 0, backoffMs: 0 },
    },
  ],
};

async function start(port = 0) {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({
    level: 'info',
    write: (line) => lines.push(JSON.parse(line)),
    wallMs: () => 0,
  });
  const clock = new ManualClock();
  const server = await startMetricsServer({
    ...{ port, clock, logger, layout: cgroupLayout([]) },
    metrics: createNodeMetrics({ nodeName: 'node', version: '1', nowMs: clock.nowMs }),
    residents: () => [GONE],
  });
  if (server !== undefined) servers.push(server);
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${server?.port}${path}`);
    return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
  };
  return { server, lines, get };
}

test('serves the counts of the node, the states of its pods and what containers use', async () => {
  const { get } = await start();
  expect(await get('/healthz')).toMatchObject({ status: 200, text: 'ok' });
  const { text, type } = await get('/metrics');
  expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(text).toContain('kubelet_node_name{node="node"} 1\n');
  expect(text).toContain('kubelet_running_pods 1\n');
  expect(text.endsWith('\n')).toBe(true);
  const usage = await get('/metrics/cadvisor');
  expect(usage.text).toContain('container_scrape_error 0\n');
  const ofPod = usage.text.split('\n').filter((line) => line.includes('pod="p"'));
  expect(ofPod.map((line) => line.replace(/\{.*\}/, ''))).toEqual(['container_oom_events_total 0']);
  expect(await get('/etc/passwd')).toMatchObject({ status: 404 });
});

test('many who ask at once are one pass, the next is another; a failure is not kept', async () => {
  let calls = 0;
  let pass = Promise.withResolvers<number>();
  const ask = shared(() => {
    calls += 1;
    return pass.promise;
  });
  const answers = [ask(), ask(), ask()];
  pass.resolve(1);
  expect(await Promise.all(answers)).toEqual([1, 1, 1]);
  expect(calls).toBe(1);
  pass = Promise.withResolvers();
  const failing = ask();
  pass.reject(new Error('no'));
  await expect(failing).rejects.toThrow('no');
  pass = Promise.withResolvers();
  pass.resolve(3);
  expect(await ask()).toBe(3);
  expect(calls).toBe(3);
});

test('a port that cannot be had is said, and nothing fails for it', async () => {
  const { server: first } = await start();
  const { server, lines } = await start(first?.port);
  expect(server).toBeUndefined();
  expect(lines).toMatchObject([
    {
      level: 'error',
      message: 'the node has no metrics',
      remedy: expect.stringContaining('nodeMetricsPort'),
    },
  ]);
});
