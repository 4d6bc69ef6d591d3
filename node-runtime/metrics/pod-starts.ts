/**
 * How long pods take to start, in phases that follow one another:
 *
 *   taken on ──sandbox──▶ ──sidecar──▶ ──init──▶ ──containers──▶ ──ready──▶ Ready
 *
 * Read off the statuses that are published, which say how far the pod is: nothing in the start itself is measured
 * and nothing there can forget to be. Only first starts count, and only those that this process saw from the start.
 */
import type { ContainerStatus, PodStatus } from '#api/kinds/pod.ts';
import { PROXY_NAME } from '#api/mesh/names.ts';

export const PHASES = ['sandbox', 'sidecar', 'init', 'containers', 'ready'] as const;
export type StartPhase = (typeof PHASES)[number];

export interface StartSink {
  phase(phase: StartPhase, seconds: number): void;
  /** From taking the pod on until its containers run (kubelet's `pod_start_duration`). */
  running(seconds: number): void;
}

interface Start {
  readonly sinceMs: number;
  /** When the last phase ended. */
  reachedMs: number;
  /** Phases that have ended. */
  done: number;
}

/** Pods that start at the same time are never more than a node has; one that never gets ready is forgotten with it. */
export class PodStarts {
  readonly #starts = new Map<string, Start>();
  readonly #sink: StartSink;

  constructor(sink: StartSink) {
    this.#sink = sink;
  }

  began(uid: string, nowMs: number): void {
    this.#starts.set(uid, { sinceMs: nowMs, reachedMs: nowMs, done: 0 });
  }

  gone(uid: string): void {
    this.#starts.delete(uid);
  }

  published(uid: string, status: PodStatus, nowMs: number): void {
    const start = this.#starts.get(uid);
    if (start === undefined) return;
    if (isOver(status)) {
      this.#starts.delete(uid);
      return;
    }
    const reached = reachedBy(status);
    while (start.done < reached) {
      const phase = PHASES[start.done]!;
      this.#sink.phase(phase, (nowMs - start.reachedMs) / 1000);
      if (phase === 'containers') this.#sink.running((nowMs - start.sinceMs) / 1000);
      start.reachedMs = nowMs;
      start.done += 1;
    }
    if (start.done === PHASES.length) this.#starts.delete(uid);
  }
}

/** One that fails or ends before it was ready says nothing about how long a start takes. */
function isOver({ phase, containerStatuses = [], initContainerStatuses = [] }: PodStatus): boolean {
  const restarted = [...containerStatuses, ...initContainerStatuses].some(
    ({ restartCount }) => restartCount > 0,
  );
  return phase === 'Succeeded' || phase === 'Failed' || restarted;
}

/** How many phases are over. */
function reachedBy(status: PodStatus): number {
  const inits = status.initContainerStatuses ?? [];
  const apps = (status.containerStatuses ?? []).filter(({ name }) => name !== PROXY_NAME);
  const sidecar = [...inits, ...(status.containerStatuses ?? [])].find(({ name }) => name === PROXY_NAME);
  const passed = [
    status.podIP !== undefined,
    sidecar === undefined || sidecar.ready,
    inits.filter(({ name }) => name !== PROXY_NAME).every(isThrough),
    apps.every(({ state }) => state?.running !== undefined || state?.terminated !== undefined),
    status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true,
  ];
  const first = passed.indexOf(false);
  return first < 0 ? passed.length : first;
}

function isThrough({ state, started }: ContainerStatus): boolean {
  return state?.terminated?.exitCode === 0 || (state?.running !== undefined && started === true);
}
