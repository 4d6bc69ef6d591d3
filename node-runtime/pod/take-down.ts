import { pressOn } from './bring-up.ts';
import type { Draft } from './draft.ts';
import { isSidecar, type Member } from './members.ts';
import type { Ending } from './pod-record.ts';
import { isAlive } from './stage.ts';

/**
 * How long an app goes on after its pod has left the endpoints: requests that peers sent before they heard of it
 * still arrive, and must find a server. Peers follow within about 100 ms; this leaves room for a loaded machine.
 */
const DEPARTURE_MS = 500;

/** The least that a sidecar gets to drain once the app is gone, even when the app used up the grace period (the kubelet's 2 s). */
const SIDECAR_GRACE_MS = 2_000;

/** More than the proxy's own drain (5 s by default) ever takes. */
const PROXY_GRACE_MS = 7_000;

/**
 * Moves a pod that ends one step on, in the opposite order of its start:
 *
 *   leave the endpoints → app containers together → native sidecars, last first → proxy drains → tear down → forget
 */
export function takeDown(draft: Draft): void {
  const { ending } = draft.record;
  if (ending === undefined) return;
  if (draft.record.tornDown) {
    if (isGoneForGood(ending)) draft.act({ do: 'forget' });
    return;
  }
  const alive = draft.members.filter((member) => isAlive(draft.stage(member)));
  const workers = alive.filter((member) => !isSidecar(member));
  const sidecar = alive.filter((member) => member.role === 'sidecar').at(-1) ?? alive.at(0);
  if (workers.length > 0) stopWorkers(draft, workers, ending);
  else if (sidecar !== undefined) stopSidecar(draft, sidecar, ending);
  else if (!isMaking(draft)) draft.act({ do: 'tear-down' });
}

function isGoneForGood(ending: Ending): boolean {
  return ending.reason === 'deleted' || ending.reason === 'gone';
}

/** Something is being made at this moment: tearing down waits for it, or it would be left over. */
function isMaking(draft: Draft): boolean {
  return [...draft.observed.busy].some((key) => /^(create|start|set-up)/.test(key));
}

function stopWorkers(draft: Draft, workers: readonly Member[], ending: Ending): void {
  const beginsAtMs = ending.sinceMs + departureMs(draft, ending);
  if (draft.nowMs < beginsAtMs) {
    draft.wakeAt(beginsAtMs);
    return;
  }
  const killAtMs = ending.sinceMs + ending.graceMs;
  for (const member of workers) stop(draft, member, killAtMs);
}

/** Only a pod that served has to be missed first; a forced deletion does not wait. */
function departureMs(draft: Draft, ending: Ending): number {
  const served = draft.record.injected && isGoneForGood(ending);
  return served ? Math.min(DEPARTURE_MS, ending.graceMs) : 0;
}

function stopSidecar(draft: Draft, member: Member, ending: Ending): void {
  const leastMs = member.role === 'proxy' ? PROXY_GRACE_MS : SIDECAR_GRACE_MS;
  const forced = isGoneForGood(ending) && ending.graceMs === 0;
  const killAtMs = forced ? draft.nowMs : Math.max(ending.sinceMs + ending.graceMs, draft.nowMs + leastMs);
  stop(draft, member, killAtMs);
}

/** Begins or carries on; a stop under way is only ever hastened. */
function stop(draft: Draft, member: Member, killAtMs: number): void {
  const { stopping } = draft.container(member.name);
  const planned = Math.min(stopping?.killAtMs ?? Number.POSITIVE_INFINITY, killAtMs);
  const signalled = stopping?.signalled ?? false;
  if (stopping?.killAtMs !== planned) {
    draft.amend(member.name, { stopping: { killAtMs: planned, message: 'the pod ends', signalled } });
  }
  if (stopping === undefined) {
    draft.tell({
      type: 'Normal',
      reason: 'Killing',
      message: `Stopping container ${member.name}`,
      container: member.name,
    });
  }
  pressOn(draft, member.name, { killAtMs: planned, signalled });
}
