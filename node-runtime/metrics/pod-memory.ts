import type { PodEvent } from '../pod/decision.ts';
import { containerRecord, type PodRecord } from '../pod/pod-record.ts';

interface Remembered {
  readonly backOffs: Map<string, number>;
  /** By container: kills in each attempt that had any. */
  readonly ooms: Map<string, Map<number, number>>;
  readonly series: Map<string, Readonly<Record<string, string>>>;
}

/** Pods whose last probes and scrapes may still be under way. */
const MAX_GONE = 1_000;

/** What is counted of each pod and stands nowhere else. Goes with the pod, and what comes after that is not taken down. */
export class PodMemory {
  readonly #pods = new Map<string, Remembered>();
  readonly #gone = new Set<string>();

  told(record: PodRecord, { reason, container = '' }: PodEvent): void {
    const uid = record.pod.metadata.uid ?? '';
    const { backOffs } = this.#of(uid);
    if (reason === 'BackOff') backOffs.set(container, (backOffs.get(container) ?? 0) + 1);
    if (reason !== 'OOMKilling') return;
    const { attempt, exit } = containerRecord(record, container);
    this.oomKills(uid, container, exit === undefined ? attempt - 1 : attempt, 1);
  }

  backOffs(uid: string, container: string): number {
    return this.#pods.get(uid)?.backOffs.get(container) ?? 0;
  }

  /** The kernel's count goes with the cgroup of an attempt, so that it is added up here. */
  oomKills(uid: string, container: string, attempt: number, counted: number | undefined): number {
    const { ooms } = this.#of(uid);
    const kills = ooms.get(container) ?? new Map<number, number>();
    ooms.set(container, kills);
    if ((counted ?? 0) > (kills.get(attempt) ?? 0)) kills.set(attempt, counted ?? 0);
    return kills.values().reduce((sum, count) => sum + count, 0);
  }

  series(uid: string, labels: Readonly<Record<string, string>>): void {
    this.#of(uid).series.set(Object.values(labels).join('\n'), labels);
  }

  seriesOf(uid: string): Readonly<Record<string, string>>[] {
    return [...(this.#pods.get(uid)?.series.values() ?? [])];
  }

  /** A pod's uid never comes back. */
  isGone(uid: string): boolean {
    return this.#gone.has(uid);
  }

  forget(uid: string): void {
    this.#pods.delete(uid);
    this.#gone.add(uid);
    if (this.#gone.size > MAX_GONE) this.#gone.delete(this.#gone.values().next().value ?? '');
  }

  #of(uid: string): Remembered {
    const known = this.#pods.get(uid) ?? { backOffs: new Map(), ooms: new Map(), series: new Map() };
    if (!this.isGone(uid)) this.#pods.set(uid, known);
    return known;
  }
}
