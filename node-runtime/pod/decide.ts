import { bringUp } from './bring-up.ts';
import type { Decision, Observed } from './decision.ts';
import { Draft } from './draft.ts';
import { noteEnding } from './note-ending.ts';
import { noteSightings } from './note-sightings.ts';
import type { PodRecord } from './pod-record.ts';
import { takeDown } from './take-down.ts';

/**
 * The pod's state machine: from what is remembered, what is seen and the time, to what to remember and what to
 * do. It is level-triggered: called as often as one likes, by whichever process, it only ever looks at where the
 * pod is and never at how it got there. That is what lets a new node runtime adopt running pods.
 */
export function decide(record: PodRecord, observed: Observed, nowMs: number): Decision {
  const draft = new Draft(record, observed, nowMs);
  noteSightings(draft);
  noteEnding(draft);
  if (draft.record.ending === undefined) bringUp(draft);
  else takeDown(draft);
  return draft.finish();
}
