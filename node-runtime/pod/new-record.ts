import type { ContainerStatus, Pod } from '#api/kinds/pod.ts';
import type { ContainerRecord, PodRecord } from './pod-record.ts';
import { rememberedPod } from './remembered-pod.ts';

export interface Birth {
  readonly pod: Pod;
  readonly meshId: string;
  readonly ip: string;
  readonly injected: boolean;
  readonly nowMs: number;
}

/**
 * The first record of a pod on this node. A pod whose status speaks of containers has run here before and lost its
 * record with the machine's memory: its containers go on counting their restarts.
 */
export function newRecord({ pod, meshId, ip, injected, nowMs }: Birth): PodRecord {
  const { status } = pod;
  const known = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const startTimeMs = Date.parse(status?.startTime ?? '') || nowMs;
  return {
    schema: 1,
    pod: rememberedPod(pod),
    sandbox: `${meshId}-${pod.metadata.uid}`,
    ip,
    injected,
    startTimeMs,
    containers: Object.fromEntries(
      known.filter(hasRun).map((container) => [container.name, next(container)]),
    ),
    tornDown: false,
  };
}

function hasRun(status: ContainerStatus): boolean {
  return (
    status.restartCount > 0 || status.state?.running !== undefined || status.state?.terminated !== undefined
  );
}

function next(status: ContainerStatus): ContainerRecord {
  return { attempt: status.restartCount + 1, backoffMs: 0 };
}
