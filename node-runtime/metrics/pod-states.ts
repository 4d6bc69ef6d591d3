/**
 * What the pods' records say, written at every scrape: counts under kubelet's names, restarts and reasons under those
 * of kube-state-metrics. Pure.
 */
import { Exposition, type Family, written } from './exposition.ts';
import type { Resident, ResidentContainer } from './resident.ts';

const STATES = ['created', 'running', 'exited', 'unknown'] as const;

const POD = ['container', 'namespace', 'pod', 'uid'];
const RUNNING_PODS = 'kubelet_running_pods';
const RUNNING_CONTAINERS = 'kubelet_running_containers';
const BACK_OFFS = 'weft_pod_container_backoffs_total';

/** kube-state-metrics tells init containers under names of their own. */
function statusFamilies(kind: 'container' | 'init_container', of: string): Family[] {
  const prefix = `kube_pod_${kind}_status`;
  const labels = [...POD, 'reason'];
  return [
    { name: `${prefix}_restarts_total`, type: 'counter', help: `Restarts of ${of}.`, labels: POD },
    {
      name: `${prefix}_last_terminated_reason`,
      type: 'gauge',
      help: `Why ${of} ended last; always 1.`,
      labels,
    },
    { name: `${prefix}_waiting_reason`, type: 'gauge', help: `Why ${of} waits; always 1.`, labels },
  ];
}

export const STATE_METRICS: readonly Family[] = [
  { name: RUNNING_PODS, type: 'gauge', help: 'Pods with a container that runs.', labels: [] },
  { name: RUNNING_CONTAINERS, type: 'gauge', help: 'Containers by state.', labels: ['container_state'] },
  ...statusFamilies('container', 'a container'),
  ...statusFamilies('init_container', 'an init container'),
  {
    name: BACK_OFFS,
    type: 'counter',
    help: 'Restarts that were put off.',
    labels: ['container', 'namespace', 'pod'],
  },
];

export function statesText(
  residents: readonly Resident[],
  backOffs: (uid: string, container: string) => number,
): string {
  const out = new Exposition(STATE_METRICS);
  addCounts(out, residents);
  for (const resident of residents) {
    for (const container of resident.containers) addContainer(out, resident, container, backOffs);
  }
  return out.toString();
}

function addCounts(out: Exposition, residents: readonly Resident[]): void {
  const counts = new Map<string, number>(STATES.map((state) => [state, 0]));
  let pods = 0;
  for (const { containers } of residents) {
    const states = containers.flatMap((container) => stateOf(container) ?? []);
    for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
    if (states.includes('running')) pods += 1;
  }
  out.add(RUNNING_PODS, '', pods);
  for (const [state, count] of counts) {
    out.add(RUNNING_CONTAINERS, written({ container_state: state }), count);
  }
}

/** Undefined for one that is not made. */
function stateOf({ stage }: ResidentContainer): (typeof STATES)[number] | undefined {
  switch (stage.at) {
    case 'created':
      return 'created';
    case 'running':
    case 'stopping':
      return 'running';
    case 'finished':
    case 'backing-off':
      return stage.exit.known ? 'exited' : 'unknown';
    default:
      return undefined;
  }
}

function addContainer(
  out: Exposition,
  { namespace, pod, uid }: Resident,
  { name, role, record, stage }: ResidentContainer,
  backOffs: (uid: string, container: string) => number,
): void {
  const kind = role === 'init' || role === 'sidecar' ? 'init_container' : 'container';
  const prefix = `kube_pod_${kind}_status`;
  const own = { container: name, namespace, pod, uid };
  out.add(`${prefix}_restarts_total`, written(own), record.attempt);
  const last = record.exit ?? record.previous;
  if (last !== undefined) {
    out.add(`${prefix}_last_terminated_reason`, written({ ...own, reason: reasonOf(last) }), 1);
  }
  const waiting = waitingReason(stage, record);
  if (waiting !== undefined) out.add(`${prefix}_waiting_reason`, written({ ...own, reason: waiting }), 1);
  const count = backOffs(uid, name);
  if (count > 0) out.add(BACK_OFFS, written({ container: name, namespace, pod }), count);
}

function reasonOf(exit: {
  readonly known: boolean;
  readonly oomKilled: boolean;
  readonly code: number;
}): string {
  if (!exit.known) return 'ContainerStatusUnknown';
  if (exit.oomKilled) return 'OOMKilled';
  return exit.code === 0 ? 'Completed' : 'Error';
}

function waitingReason(
  stage: ResidentContainer['stage'],
  record: ResidentContainer['record'],
): string | undefined {
  if (stage.at === 'backing-off') return record.backoffMs > 0 ? 'CrashLoopBackOff' : undefined;
  if (stage.at === 'failed') return record.failure?.reason ?? 'CreateContainerError';
  return stage.at === 'absent' || stage.at === 'created' ? 'ContainerCreating' : undefined;
}
