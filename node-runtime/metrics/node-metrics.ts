/** What the node runtime counts and times as it works, under kubelet's names (pkg/kubelet/metrics, pkg/kubelet/prober). */
import { Counter, collectDefaultMetrics, exponentialBuckets, Gauge, Histogram, Registry } from 'prom-client';
import type { PodWitness } from '../pod/pod-witness.ts';
import type { ObserveOperation } from './observed-runtime.ts';
import { PodMemory } from './pod-memory.ts';
import { PodStarts, type StartSink } from './pod-starts.ts';

/** kubelet's bounds, and finer ones below: pods are processes here and start in a fraction of its least. */
const START_SECONDS = [
  ...[0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60],
  ...[120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600],
];
/** kubelet's. */
const WORKER_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const OPERATION_SECONDS = exponentialBuckets(0.005, 2.5, 14);

/** Gauges of prom-client that are named as if they were counters, which `promtool check metrics` refuses. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

export interface NodeMetrics {
  readonly registry: Registry;
  readonly witness: PodWitness;
  readonly observeOperation: ObserveOperation;
  readonly memory: PodMemory;
  readonly starts: PodStarts;
  /** Everything that is remembered of a pod goes with it. */
  forget(uid: string): void;
}

export function createNodeMetrics(options: {
  readonly nodeName: string;
  readonly version: string;
  readonly nowMs: () => number;
}): NodeMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  new Gauge({
    name: 'kubelet_node_name',
    help: 'Name of the node; always 1.',
    labelNames: ['node'],
    registers,
  }).set({ node: options.nodeName }, 1);
  new Gauge({
    name: 'weft_build_info',
    help: 'Version of weft; always 1.',
    labelNames: ['version'],
    registers,
  }).set({ version: options.version }, 1);

  const memory = new PodMemory();
  const starts = new PodStarts(startSink(registers));
  const worker = new Histogram({
    name: 'kubelet_pod_worker_duration_seconds',
    help: 'Seconds that one action on a pod took, by operation_type (create, kill).',
    labelNames: ['operation_type'],
    buckets: WORKER_SECONDS,
    registers,
  });
  const probes = probeMetrics(registers, memory);
  return {
    registry,
    memory,
    starts,
    observeOperation: operationMetrics(registers),
    witness: {
      published: ({ pod }, status) => starts.published(pod.metadata.uid ?? '', status, options.nowMs()),
      told: (record, event) => memory.told(record, event),
      acted(action, seconds) {
        const starting = ['set-up-sandbox', 'create', 'start'].includes(action.do);
        worker.observe({ operation_type: starting ? 'create' : 'kill' }, seconds);
      },
      probed: probes.probed,
    },
    forget(uid) {
      starts.gone(uid);
      probes.forget(uid);
      memory.forget(uid);
    },
  };
}

function startSink(registers: Registry[]): StartSink {
  const whole = new Histogram({
    name: 'kubelet_pod_start_duration_seconds',
    help: 'Seconds from taking a pod on until its containers run.',
    buckets: START_SECONDS,
    registers,
  });
  const phases = new Histogram({
    name: 'weft_pod_start_phase_seconds',
    help: 'Seconds of one phase of a start (sandbox, sidecar, init, containers, ready).',
    labelNames: ['phase'],
    buckets: START_SECONDS,
    registers,
  });
  return {
    phase: (phase, seconds) => phases.observe({ phase }, seconds),
    running: (seconds) => whole.observe(seconds),
  };
}

function operationMetrics(registers: Registry[]): ObserveOperation {
  const labelNames = ['operation_type'] as const;
  const count = new Counter({
    name: 'kubelet_runtime_operations_total',
    help: 'Operations on containers and sandboxes, by type.',
    labelNames,
    registers,
  });
  const failed = new Counter({
    name: 'kubelet_runtime_operations_errors_total',
    help: 'Operations on containers and sandboxes that failed, by type.',
    labelNames,
    registers,
  });
  const durations = new Histogram({
    name: 'kubelet_runtime_operations_duration_seconds',
    help: 'Seconds of operations on containers and sandboxes, by type.',
    labelNames,
    buckets: OPERATION_SECONDS,
    registers,
  });
  return (operation_type, seconds, ok) => {
    count.inc({ operation_type });
    failed.inc({ operation_type }, ok ? 0 : 1);
    durations.observe({ operation_type }, seconds);
  };
}

/** One series for each probe and result; they are removed when the pod is gone. */
function probeMetrics(
  registers: Registry[],
  memory: PodMemory,
): { readonly probed: PodWitness['probed']; forget(uid: string): void } {
  const total = new Counter({
    name: 'prober_probe_total',
    help: 'Tries of probes, by result (successful, failed, unknown).',
    labelNames: ['probe_type', 'result', 'container', 'pod', 'namespace', 'pod_uid'],
    registers,
  });
  const durations = new Histogram({
    name: 'prober_probe_duration_seconds',
    help: 'Seconds of one try of a probe, by its type.',
    labelNames: ['probe_type'],
    buckets: WORKER_SECONDS,
    registers,
  });
  return {
    probed({ pod }, { container, probe }, ok, seconds) {
      const { uid: pod_uid = '', namespace = 'default', name = '' } = pod.metadata;
      const probe_type = typeOf(container, probe);
      const result = ok === undefined ? 'unknown' : ok ? 'successful' : 'failed';
      const labels = { probe_type, result, container: container.name, pod: name, namespace, pod_uid };
      durations.observe({ probe_type }, seconds);
      if (memory.isGone(pod_uid)) return;
      total.inc(labels);
      memory.series(pod_uid, labels);
    },
    forget(uid) {
      for (const labels of memory.seriesOf(uid)) total.remove(labels);
    },
  };
}

type Probed = Parameters<PodWitness['probed']>[1];

/** kubelet's words. The probe is the very object of the container. */
function typeOf(container: Probed['container'], probe: Probed['probe']): string {
  if (probe === container.startupProbe) return 'Startup';
  return probe === container.readinessProbe ? 'Readiness' : 'Liveness';
}
