import type { ContainerView } from './containers.ts';
import type { Member } from './members.ts';
import type { ContainerRecord, ExitRecord } from './pod-record.ts';
import { shouldRestart } from './restart-backoff.ts';

/** What probes say of a running container. */
export interface Health {
  /** The startup probe has passed, or there is none. */
  readonly started: boolean;
  readonly ready: boolean;
  /** What the liveness or startup probe complains of when the container must be restarted for it. */
  readonly dead: string | undefined;
}

export const UNPROBED: Health = { started: false, ready: false, dead: undefined };

/** A container as the world shows it; meaningful only for the attempt that it was looked up for. */
export interface Sighting {
  readonly attempt: number;
  readonly view: ContainerView;
  /** The last words of one that has exited. */
  readonly message?: string | undefined;
}

/**
 * Where one container stands.
 *
 *   absent ──create──▶ created ──start──▶ running ──▶ stopping
 *     ▲  ╲                │                  │            │
 *     │   failed ◀────────┘                  ▼            ▼
 *     └────────────── backing-off ◀─────── (exit) ──▶ finished
 */
export type Stage =
  | { readonly at: 'absent' }
  | { readonly at: 'failed'; readonly retryAtMs: number }
  | { readonly at: 'created' }
  | { readonly at: 'running' }
  | { readonly at: 'stopping'; readonly killAtMs: number; readonly signalled: boolean }
  | { readonly at: 'backing-off'; readonly exit: ExitRecord; readonly untilMs: number }
  | { readonly at: 'finished'; readonly exit: ExitRecord };

export function stageOf(member: Member, record: ContainerRecord, sighting: Sighting | undefined): Stage {
  if (record.exit !== undefined) return ended(member, record, record.exit);
  const view = sighting?.attempt === record.attempt ? sighting.view : undefined;
  if (view?.state === 'running') {
    return record.stopping === undefined
      ? { at: 'running' }
      : { at: 'stopping', killAtMs: record.stopping.killAtMs, signalled: record.stopping.signalled };
  }
  if (record.failure !== undefined) return { at: 'failed', retryAtMs: record.failure.retryAtMs };
  return view?.state === 'created' ? { at: 'created' } : { at: 'absent' };
}

function ended(member: Member, record: ContainerRecord, exit: ExitRecord): Stage {
  return shouldRestart(member, exit)
    ? { at: 'backing-off', exit, untilMs: exit.finishedAtMs + record.backoffMs }
    : { at: 'finished', exit };
}

export function isAlive(stage: Stage): boolean {
  return stage.at === 'running' || stage.at === 'stopping';
}
