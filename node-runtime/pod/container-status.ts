import type { ContainerState, ContainerStatus } from '#api/kinds/pod.ts';
import type { Observed } from './decision.ts';
import type { Member } from './members.ts';
import { containerRecord, type ExitRecord, type PodRecord } from './pod-record.ts';
import { type Stage, stageOf, UNPROBED } from './stage.ts';

/** Kubernetes times are in whole seconds. */
export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

export function containerStatus(member: Member, record: PodRecord, observed: Observed): ContainerStatus {
  const container = containerRecord(record, member.name);
  const stage = stageOf(member, container, observed.sightings.get(member.name));
  const health = observed.health.get(member.name) ?? UNPROBED;
  const running = stage.at === 'running' || stage.at === 'stopping';
  const waitsToRestart = isBackingOff(stage, record);
  const last = waitsToRestart ? container.exit : container.previous;
  return {
    name: member.name,
    state: stateOf(member, stage, record, observed),
    ...(last === undefined ? {} : { lastState: { terminated: terminated(last) } }),
    ready: member.role === 'init' ? succeeded(stage) : running && health.ready,
    started: running && health.started,
    restartCount: container.attempt,
    image: member.container?.image ?? 'host',
    imageID: '',
  };
}

function succeeded(stage: Stage): boolean {
  return stage.at === 'finished' && stage.exit.code === 0;
}

function stateOf(member: Member, stage: Stage, record: PodRecord, observed: Observed): ContainerState {
  const container = containerRecord(record, member.name);
  switch (stage.at) {
    case 'running':
    case 'stopping':
      return { running: { startedAt: timestamp(container.startedAtMs ?? record.startTimeMs) } };
    case 'finished':
      return { terminated: terminated(stage.exit) };
    case 'backing-off':
      return isBackingOff(stage, record) ? crashLoop(member, record) : { terminated: terminated(stage.exit) };
    case 'failed':
      return {
        waiting: {
          reason: container.failure?.reason ?? 'CreateContainerError',
          message: container.failure?.message,
        },
      };
    case 'absent':
    case 'created':
      return { waiting: observed.sandboxFailure ?? { reason: waitingReason(member, record) } };
  }
}

/** A pod that ends restarts nothing: its containers are simply over. */
function isBackingOff(stage: Stage, record: PodRecord): boolean {
  return stage.at === 'backing-off' && record.ending === undefined && stage.untilMs > stage.exit.finishedAtMs;
}

function crashLoop(member: Member, record: PodRecord): ContainerState {
  const { metadata } = record.pod;
  const seconds = containerRecord(record, member.name).backoffMs / 1000;
  return {
    waiting: {
      reason: 'CrashLoopBackOff',
      message: `back-off ${seconds}s restarting failed container=${member.name} pod=${metadata.name}_${metadata.namespace}(${metadata.uid})`,
    },
  };
}

function waitingReason(member: Member, record: PodRecord): string {
  const prepares = (record.pod.spec.initContainers ?? []).length > 0;
  return prepares && (member.role === 'app' || member.role === 'init')
    ? 'PodInitializing'
    : 'ContainerCreating';
}

function terminated(exit: ExitRecord): NonNullable<ContainerState['terminated']> {
  return {
    exitCode: exit.code,
    reason: exitReason(exit),
    ...(messageFor(exit) === undefined ? {} : { message: messageFor(exit) }),
    ...(exit.startedAtMs === undefined ? {} : { startedAt: timestamp(exit.startedAtMs) }),
    finishedAt: timestamp(exit.finishedAtMs),
  };
}

function messageFor({ known, message }: ExitRecord): string | undefined {
  return known ? message : 'The container could not be located when it had ended';
}

function exitReason(exit: ExitRecord): string {
  if (!exit.known) return 'ContainerStatusUnknown';
  if (exit.oomKilled) return 'OOMKilled';
  return exit.code === 0 ? 'Completed' : 'Error';
}
