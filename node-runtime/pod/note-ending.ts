import type { Draft } from './draft.ts';
import type { Ending } from './pod-record.ts';

/** Remembers why the pod ends, the first time that there is a reason, and a shorter grace period at any time. */
export function noteEnding(draft: Draft): void {
  const { ending } = draft.record;
  const { metadata, spec } = draft.record.pod;
  if (metadata.deletionTimestamp !== undefined) {
    const graceMs = 1000 * (metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds);
    noteDeletion(draft, ending, graceMs);
    return;
  }
  if (ending !== undefined) return;
  if (spec.activeDeadlineSeconds !== undefined) noteDeadline(draft, spec.activeDeadlineSeconds);
  if (draft.record.ending === undefined && isComplete(draft)) end(draft, 'completed', 0);
}

function end(draft: Draft, reason: Ending['reason'], graceMs: number, message?: string): void {
  draft.record = {
    ...draft.record,
    ending: { reason, sinceMs: draft.nowMs, graceMs, ...(message === undefined ? {} : { message }) },
  };
}

/** A deletion overrides every other reason, and a second one may shorten the first's grace period. */
function noteDeletion(draft: Draft, ending: Ending | undefined, graceMs: number): void {
  if (ending === undefined) {
    end(draft, 'deleted', graceMs);
    return;
  }
  const shorter = Math.min(ending.graceMs, graceMs);
  if (ending.reason === 'deleted' && shorter === ending.graceMs) return;
  draft.record = { ...draft.record, ending: { ...ending, reason: 'deleted', graceMs: shorter } };
}

function noteDeadline(draft: Draft, seconds: number): void {
  const atMs = draft.record.startTimeMs + seconds * 1000;
  if (draft.nowMs < atMs) {
    draft.wakeAt(atMs);
    return;
  }
  const graceMs = draft.record.pod.spec.terminationGracePeriodSeconds * 1000;
  end(draft, 'deadline', graceMs, 'Pod was active on the node longer than the specified deadline');
}

/** Every app container has finished for good, or an init container has failed for good. */
function isComplete(draft: Draft): boolean {
  const apps = draft.members.filter((member) => member.role === 'app');
  const inits = draft.members.filter((member) => member.role === 'init');
  return (
    apps.every((member) => draft.stage(member).at === 'finished') ||
    inits.some((member) => {
      const stage = draft.stage(member);
      return stage.at === 'finished' && stage.exit.code !== 0;
    })
  );
}
