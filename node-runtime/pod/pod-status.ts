import type { ContainerStatus, PodStatus } from '#api/kinds/pod.ts';
import { conditionsOf } from './conditions.ts';
import { containerStatus, timestamp } from './container-status.ts';
import type { Observed } from './decision.ts';
import { isSidecar, type Member, membersOf } from './members.ts';
import { containerRecord, type PodRecord } from './pod-record.ts';
import { qosClass } from './qos.ts';

/** Kubernetes PodStatus, whole, from what is remembered and seen. Pure; transition times come from the status before. */
export function podStatus(record: PodRecord, observed: Observed, hostIp: string, nowMs: number): PodStatus {
  const members = membersOf(record);
  const statuses = new Map(members.map((member) => [member.name, containerStatus(member, record, observed)]));
  const of = (wanted: (member: Member) => boolean): ContainerStatus[] =>
    members.filter(wanted).flatMap((member) => statuses.get(member.name) ?? []);

  const phase = phaseOf(record, members, statuses);
  const incomplete = incompleteOf(members, statuses, record);
  const generation = record.pod.metadata.generation;
  const init = of((member) => member.role !== 'app');
  const previous = record.status?.conditions ?? record.pod.status?.conditions ?? [];
  return {
    phase,
    ...explanation(record, phase),
    conditions: conditionsOf(
      {
        initialized: incomplete.length === 0,
        incomplete,
        longRunning: of((member) => member.role === 'app' || isSidecar(member)),
        ending: record.ending !== undefined,
        succeeded: phase === 'Succeeded',
      },
      previous,
      nowMs,
    ),
    hostIP: hostIp,
    ...(observed.sandbox === 'ready' || record.tornDown
      ? { podIP: record.ip, podIPs: [{ ip: record.ip }] }
      : {}),
    startTime: timestamp(record.startTimeMs),
    ...(init.length === 0 ? {} : { initContainerStatuses: init }),
    containerStatuses: of((member) => member.role === 'app'),
    qosClass: qosClass(record.pod.spec),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
}

type Phase = NonNullable<PodStatus['phase']>;
type Statuses = ReadonlyMap<string, ContainerStatus>;

function phaseOf(record: PodRecord, members: readonly Member[], statuses: Statuses): Phase {
  const reason = record.ending?.reason;
  if (reason === 'deadline' || reason === 'evicted') return 'Failed';
  const exits = (role: Member['role']): (number | undefined)[] =>
    members
      .filter((member) => member.role === role)
      .map((member) => statuses.get(member.name)?.state?.terminated?.exitCode);
  if (reason === 'completed' && exits('init').some((code) => code !== undefined && code !== 0))
    return 'Failed';
  const apps = exits('app');
  const over = record.ending !== undefined && apps.every((code) => code !== undefined);
  if (over) return apps.every((code) => code === 0) ? 'Succeeded' : 'Failed';
  return hasRun(record, members) ? 'Running' : 'Pending';
}

/** Some app container has been started once: the pod is bound to run. */
function hasRun(record: PodRecord, members: readonly Member[]): boolean {
  return members.some((member) => {
    const container = containerRecord(record, member.name);
    return member.role === 'app' && (container.startedAtMs !== undefined || container.attempt > 0);
  });
}

/** Once initialized, always so: a sidecar that restarts later does not undo it. */
function incompleteOf(members: readonly Member[], statuses: Statuses, record: PodRecord): string[] {
  if (hasRun(record, members)) return [];
  return members.flatMap((member) => {
    const status = statuses.get(member.name);
    const done = isSidecar(member) ? status?.started : status?.ready;
    return member.role === 'app' || done === true ? [] : [member.name];
  });
}

function explanation(record: PodRecord, phase: Phase): Pick<PodStatus, 'reason' | 'message'> {
  if (phase !== 'Failed' || record.ending === undefined) return {};
  const reason = { deadline: 'DeadlineExceeded', evicted: 'Evicted' }[record.ending.reason as string];
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(record.ending.message === undefined ? {} : { message: record.ending.message }),
  };
}
