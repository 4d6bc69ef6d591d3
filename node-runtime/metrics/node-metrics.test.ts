import { describe, expect, test } from 'vitest';
import type { ContainerStatus, PodStatus } from '#api/kinds/pod.ts';
import { createNodeMetrics } from './node-metrics.ts';
import { observedContainers, timedBy } from './observed-runtime.ts';
import { PodMemory } from './pod-memory.ts';
import { PodStarts } from './pod-starts.ts';
import { statesText } from './pod-states.ts';
import type { ResidentContainer } from './resident.ts';

function status(over: Partial<ContainerStatus> & { name: string }): ContainerStatus {
  return { ready: false, restartCount: 0, ...over };
}
const running = { running: { startedAt: 'now' } };

describe('a start in phases', () => {
  const told: [string, number][] = [];
  const starts = new PodStarts({
    phase: (phase, seconds) => told.push([phase, seconds]),
    running: (seconds) => told.push(['running', seconds]),
  });
  const proxy = (ready: boolean) => status({ name: 'istio-proxy', ready, started: ready, state: running });
  const steps: [number, PodStatus][] = [
    [100, { phase: 'Pending' }],
    [200, { podIP: '10.0.0.1', initContainerStatuses: [proxy(false)] }],
    [
      700,
      {
        podIP: '10.0.0.1',
        initContainerStatuses: [proxy(true)],
        containerStatuses: [status({ name: 'app' })],
      },
    ],
    [
      1_000,
      {
        podIP: '10.0.0.1',
        initContainerStatuses: [proxy(true)],
        containerStatuses: [status({ name: 'app', state: running })],
      },
    ],
    [
      1_500,
      {
        podIP: '10.0.0.1',
        initContainerStatuses: [proxy(true)],
        containerStatuses: [status({ name: 'app', state: running })],
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    ],
  ];

  test('each is told once, in order', () => {
    starts.began('u', 0);
    for (const [at, published] of [...steps, steps[4]!]) starts.published('u', published, at);
    expect(told).toEqual([
      ['sandbox', 0.2],
      ['sidecar', 0.5],
      ['init', 0],
      ['containers', 0.3],
      ['running', 1],
      ['ready', 0.5],
    ]);
  });

  test('one that was adopted, failed or restarted before it was ready says nothing more', () => {
    told.length = 0;
    starts.published('adopted', steps[4]![1], 5);
    starts.began('v', 0);
    starts.published(
      'v',
      { podIP: '10.0.0.1', containerStatuses: [status({ name: 'app', restartCount: 1 })] },
      9,
    );
    starts.published('v', steps[4]![1], 10);
    expect(told).toEqual([]);
  });
});

describe('kills for want of memory', () => {
  const record = (attempt: number, exit: boolean) =>
    ({
      pod: { metadata: { uid: 'u' } },
      containers: { app: { attempt, backoffMs: 0, ...(exit ? { exit: {} } : {}) } },
    }) as never;
  const oom = { type: 'Warning', reason: 'OOMKilling', message: '', container: 'app' } as const;

  test('the kernel and the end of a container tell of the same kill', () => {
    const memory = new PodMemory();
    expect(memory.oomKills('u', 'app', 0, 1)).toBe(1);
    memory.told(record(0, true), oom);
    expect(memory.oomKills('u', 'app', 0, 1)).toBe(1);
    expect(memory.oomKills('u', 'app', 1, 0)).toBe(1);
  });
  test('attempts add up although nobody looked between them, and the kernel forgets', () => {
    const memory = new PodMemory();
    memory.told(record(0, true), oom);
    memory.told(record(2, false), oom);
    memory.told(record(2, true), oom);
    expect(memory.oomKills('u', 'app', 3, undefined)).toBe(3);
    memory.forget('u');
    expect(memory.oomKills('u', 'app', 3, 0)).toBe(0);
  });
});

describe('what the records say', () => {
  const container = (over: Partial<ResidentContainer>): ResidentContainer => ({
    name: 'app',
    role: 'app',
    image: 'host',
    id: 'i',
    cgroup: 'c',
    stage: { at: 'running' },
    record: { attempt: 0, backoffMs: 0 },
    ...over,
  });
  const exit = { code: 137, oomKilled: true, known: true, finishedAtMs: 1 };
  const text = statesText(
    [
      {
        ...{ namespace: 'n', pod: 'p', uid: 'u', link: 'l', cgroup: 'c', sandbox: true },
        containers: [
          container({
            stage: { at: 'backing-off', exit, untilMs: 9 },
            record: { attempt: 4, backoffMs: 10_000, exit },
          }),
          container({ name: 'setup', role: 'init', stage: { at: 'running' } }),
        ],
      },
    ],
    (_, name) => (name === 'app' ? 4 : 0),
  );
  test.each([
    ['kubelet_running_pods 1'],
    ['kubelet_running_containers{container_state="running"} 1'],
    ['kubelet_running_containers{container_state="exited"} 1'],
    ['kube_pod_container_status_restarts_total{container="app",namespace="n",pod="p",uid="u"} 4'],
    [
      'kube_pod_container_status_last_terminated_reason{container="app",namespace="n",pod="p",uid="u",reason="OOMKilled"} 1',
    ],
    [
      'kube_pod_container_status_waiting_reason{container="app",namespace="n",pod="p",uid="u",reason="CrashLoopBackOff"} 1',
    ],
    ['kube_pod_init_container_status_restarts_total{container="setup",namespace="n",pod="p",uid="u"} 0'],
    ['weft_pod_container_backoffs_total{container="app",namespace="n",pod="p"} 4'],
  ])('%s', (line) => expect(text.split('\n')).toContain(line));
});

describe('what is counted as the node works', () => {
  const metrics = createNodeMetrics({ nodeName: 'node', version: '1', nowMs: () => 0 });

  test('an operation that fails counts as both', async () => {
    const containers = observedContainers(
      { start: async () => Promise.reject(new Error('no')) } as never,
      timedBy({ nowMs: () => 0 }, metrics.observeOperation),
    );
    await expect(containers.start('x')).rejects.toThrow('no');
    const text = await metrics.registry.metrics();
    expect(text).toContain('kubelet_runtime_operations_total{operation_type="start_container"} 1');
    expect(text).toContain('kubelet_runtime_operations_errors_total{operation_type="start_container"} 1');
  });

  test("probes by kubelet's words; a pod's series go with it", async () => {
    const readinessProbe = {} as never;
    const container = { name: 'app', readinessProbe, livenessProbe: {} } as never;
    const record = { pod: { metadata: { uid: 'u', name: 'p', namespace: 'n' } } } as never;
    metrics.witness.probed(record, { container, probe: readinessProbe }, false, 0.1);
    const line =
      'prober_probe_total{probe_type="Readiness",result="failed",container="app",pod="p",namespace="n",pod_uid="u"} 1';
    expect(await metrics.registry.metrics()).toContain(line);
    metrics.forget('u');
    metrics.witness.probed(record, { container, probe: readinessProbe }, false, 0.1);
    expect(await metrics.registry.metrics()).not.toContain('prober_probe_total{');
  });
});
