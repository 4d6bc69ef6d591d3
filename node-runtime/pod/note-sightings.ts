import type { ContainerView } from './containers.ts';
import type { Draft } from './draft.ts';
import type { Member } from './members.ts';
import type { ContainerRecord, ExitRecord } from './pod-record.ts';
import { backoffAfter, shouldRestart } from './restart-backoff.ts';
import type { Sighting } from './stage.ts';

/** Remembers every start and every exit that is seen for the first time, with the wait before the next attempt. */
export function noteSightings(draft: Draft): void {
  for (const member of draft.members) {
    const record = draft.container(member.name);
    const sighting = draft.observed.sightings.get(member.name);
    if (record.exit !== undefined || sighting?.attempt !== record.attempt) continue;
    noteStart(draft, member, sighting.view);
    const exit = exitOf(draft.container(member.name), sighting, draft.nowMs);
    if (exit !== undefined) noteExit(draft, member, record, exit);
  }
}

function noteStart(draft: Draft, member: Member, view: ContainerView): void {
  if (view.state !== 'running' || draft.container(member.name).startedAtMs !== undefined) return;
  draft.amend(member.name, { startedAtMs: view.startedAtMs, failure: undefined });
}

/** A container that was started and is gone without a trace has exited too; how, nobody knows. */
function exitOf(record: ContainerRecord, { view, message }: Sighting, nowMs: number): ExitRecord | undefined {
  const started = record.startedAtMs === undefined ? {} : { startedAtMs: record.startedAtMs };
  if (view.state === 'exited') {
    const { code, oomKilled, known, finishedAtMs } = view.exit;
    return {
      code,
      oomKilled,
      known,
      finishedAtMs,
      ...started,
      ...(message === undefined ? {} : { message }),
    };
  }
  if (view.state === 'absent' && record.startedAtMs !== undefined) {
    return { code: 137, oomKilled: false, known: false, finishedAtMs: nowMs, ...started };
  }
  return undefined;
}

function noteExit(draft: Draft, member: Member, record: ContainerRecord, exit: ExitRecord): void {
  const backoffMs = backoffAfter(member, record, exit);
  draft.amend(member.name, { exit, backoffMs, failure: undefined });
  if (exit.oomKilled) {
    draft.tell({
      type: 'Warning',
      reason: 'OOMKilling',
      message: `Container ${member.name} was killed: it reached its memory limit`,
      container: member.name,
    });
  }
  if (draft.record.ending === undefined && shouldRestart(member, exit) && backoffMs > 0) {
    draft.tell({
      type: 'Warning',
      reason: 'BackOff',
      message: `Back-off ${backoffMs / 1000}s restarting failed container ${member.name}`,
      container: member.name,
    });
  }
}
