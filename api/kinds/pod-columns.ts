import type { Column } from './kind.ts';
import type { Pod } from './pod.ts';

/** What kubectl shows under STATUS: the most telling reason, else the phase. */
export function podReason(pod: Pod): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  for (const status of [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? []),
  ]) {
    const waiting = status.state?.waiting?.reason;
    if (waiting !== undefined && waiting !== 'ContainerCreating' && waiting !== 'PodInitializing')
      return waiting;
    const terminated = status.state?.terminated;
    if (terminated !== undefined && terminated.exitCode !== 0)
      return terminated.reason ?? `ExitCode:${terminated.exitCode}`;
  }
  return pod.status?.reason ?? pod.status?.phase ?? 'Pending';
}

/** Containers that count in READY: the app's and the native sidecars. */
function longRunning(pod: Pod): { ready: number; total: number } {
  const sidecars = new Set(
    (pod.spec.initContainers ?? [])
      .filter((c) => c.restartPolicy === 'Always')
      .map((container) => container.name),
  );
  const statuses = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []).filter((status) => sidecars.has(status.name)),
  ];
  return {
    ready: statuses.filter((status) => status.ready).length,
    total: pod.spec.containers.length + sidecars.size,
  };
}

export const podColumns: readonly Column<Pod>[] = [
  { name: 'Ready', value: (pod) => `${longRunning(pod).ready}/${longRunning(pod).total}` },
  { name: 'Status', value: podReason },
  {
    name: 'Restarts',
    type: 'integer',
    value: (pod) =>
      (pod.status?.containerStatuses ?? []).reduce((sum, status) => sum + status.restartCount, 0),
  },
  { name: 'Age', type: 'date', value: (pod) => pod.metadata.creationTimestamp ?? '' },
  { name: 'IP', wide: true, value: (pod) => pod.status?.podIP ?? '<none>' },
  { name: 'Node', wide: true, value: (pod) => pod.spec.nodeName ?? '<none>' },
];
