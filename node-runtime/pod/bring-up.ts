import type { Draft } from './draft.ts';
import { isSidecar, type Member } from './members.ts';

/**
 * Moves a pod that is to run one step on:
 *
 *   sandbox → proxy, started → init containers and native sidecars, one after the other → app containers together
 *
 * Containers that nothing has to prepare for are *created* early, while the proxy still starts, and *started* when
 * it is their turn: creating costs most of the time and runs no instruction of theirs.
 */
export function bringUp(draft: Draft): void {
  if (draft.observed.sandbox === 'absent') {
    draft.act({ do: 'set-up-sandbox' });
    return;
  }
  const mayCreateEarly = createdEarly(draft);
  let turn = true;
  for (const member of draft.members) {
    advance(draft, member, turn, turn || mayCreateEarly.has(member.name));
    if (member.role !== 'app') turn = turn && letsOthersStart(draft, member);
  }
}

/**
 * All up to and including the first init container that has not succeeded: what an init container writes into a
 * volume may decide what a later container mounts.
 */
function createdEarly(draft: Draft): Set<string> {
  const names = new Set<string>();
  for (const member of draft.members) {
    names.add(member.name);
    if (member.role === 'init' && !letsOthersStart(draft, member)) break;
  }
  return names;
}

function letsOthersStart(draft: Draft, member: Member): boolean {
  const stage = draft.stage(member);
  if (isSidecar(member)) return stage.at === 'running' && draft.health(member).started;
  return stage.at === 'finished' && stage.exit.code === 0;
}

function advance(draft: Draft, member: Member, mayStart: boolean, mayCreate: boolean): void {
  const stage = draft.stage(member);
  const create = (): void => {
    if (mayCreate) draft.act({ do: 'create', container: member.name });
  };
  switch (stage.at) {
    case 'absent':
      create();
      break;
    case 'failed':
      whenDue(draft, stage.retryAtMs, create);
      break;
    case 'created':
      if (mayStart) draft.act({ do: 'start', container: member.name });
      break;
    case 'running':
      restartIfDead(draft, member);
      break;
    case 'stopping':
      pressOn(draft, member.name, stage);
      break;
    case 'backing-off':
      whenDue(draft, stage.untilMs, () => {
        nextAttempt(draft, member.name);
        create();
      });
      break;
    case 'finished':
      break;
  }
}

function whenDue(draft: Draft, atMs: number, step: () => void): void {
  if (draft.nowMs < atMs) draft.wakeAt(atMs);
  else step();
}

/** The next attempt, with the exit of this one kept as the previous. */
function nextAttempt(draft: Draft, name: string): void {
  const { attempt, exit, backoffMs } = draft.container(name);
  draft.replace(name, {
    attempt: attempt + 1,
    backoffMs,
    ...(exit === undefined ? {} : { previous: exit }),
  });
}

function restartIfDead(draft: Draft, member: Member): void {
  const { dead } = draft.health(member);
  if (dead === undefined) return;
  const graceMs = livenessGraceMs(draft, member);
  const killAtMs = draft.nowMs + graceMs;
  draft.amend(member.name, { stopping: { killAtMs, message: dead, signalled: false } });
  draft.tell({
    type: 'Normal',
    reason: 'Killing',
    message: `Container ${member.name} ${dead}, will be restarted`,
    container: member.name,
  });
  pressOn(draft, member.name, { killAtMs, signalled: false });
}

/** A probe's own grace period goes before the pod's. */
function livenessGraceMs(draft: Draft, member: Member): number {
  const probe = member.container?.livenessProbe ?? member.container?.startupProbe;
  const seconds = probe?.terminationGracePeriodSeconds ?? draft.record.pod.spec.terminationGracePeriodSeconds;
  return seconds * 1000;
}

/** Carries a stop on: the signal if it was not sent, the kill when its time has come. */
export function pressOn(
  draft: Draft,
  container: string,
  stop: { readonly killAtMs: number; readonly signalled: boolean },
): void {
  if (draft.nowMs >= stop.killAtMs) {
    draft.act({ do: 'kill', container });
    return;
  }
  draft.wakeAt(stop.killAtMs);
  if (!stop.signalled) draft.act({ do: 'terminate', container });
}
