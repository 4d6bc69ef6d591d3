import { silentLogger } from '#api/foundation/logger.ts';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import type { PodStatus } from '#api/kinds/pod.ts';
import { containerId } from '../container-plan.ts';
import type { ContainerPlan, Containers, ContainerView, Exit } from '../containers.ts';
import type { PodEvent } from '../decision.ts';
import type { PodRecord } from '../pod-record.ts';
import { containerRecord } from '../pod-record.ts';
import type { PodTools } from '../pod-tools.ts';
import { PodWorker } from '../pod-worker.ts';

/** A node in memory: containers and sandboxes that outlive the workers, and a journal of what was done to them. */
export class FakeNode {
  readonly clock = new ManualClock();
  readonly journal: string[] = [];
  readonly views = new Map<string, ContainerView>();
  readonly sandboxes = new Set<string>();
  /** Those that a node runtime died over. */
  readonly halfMade = new Set<string>();
  readonly saved: PodRecord[] = [];
  readonly statuses: PodStatus[] = [];
  readonly events: PodEvent[] = [];
  readonly forgotten: string[] = [];
  /** Pods whose logs were removed. */
  readonly withoutLogs: string[] = [];
  /** Answers of the sidecar's readiness port and of the app's probes. */
  proxyReady = true;
  probeOk = true;
  lastWords: string | undefined;
  /** Ids whose SIGTERM is not heeded. */
  readonly stubborn = new Set<string>();
  /** Errors that the next creations throw, by container name. */
  readonly creationErrors = new Map<string, Error[]>();
  hook: (command: readonly string[]) => Promise<number> = async () => 0;
  readonly #waiting = new Map<string, Set<(exit: Exit) => void>>();

  /** A worker as a node runtime that just started has it. */
  async worker(record: PodRecord): Promise<PodWorker> {
    const worker = new PodWorker(record, this.tools(), () => this.journal.push('over'));
    await worker.start();
    await this.settle();
    return worker;
  }

  /** Lets everything that is ready to run do so. */
  async settle(): Promise<void> {
    for (let i = 0; i < 50; i += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.settle();
  }

  /** Ends a running container from inside. */
  async end(id: string, code: number, oomKilled = false): Promise<void> {
    this.#exit(id, { code, oomKilled, known: true, finishedAtMs: this.clock.wallMs() });
    await this.settle();
  }

  get status(): PodStatus {
    return this.statuses.at(-1) ?? {};
  }

  reasons(): string[] {
    return this.events.map((event) => event.reason);
  }

  tools(): PodTools {
    return {
      clock: this.clock,
      logger: silentLogger,
      meshId: 'm',
      hostIp: '10.244.0.1',
      containers: this.#containers(),
      sandboxes: {
        setUp: async ({ name }) => {
          this.journal.push('set up sandbox');
          this.sandboxes.add(name);
          this.halfMade.delete(name);
        },
        tearDown: async (name) => {
          this.journal.push('tear down sandbox');
          this.sandboxes.delete(name);
        },
        isWhole: async (name) => this.sandboxes.has(name) && !this.halfMade.has(name),
        list: async () => [...this.sandboxes],
      },
      redirect: () => undefined,
      limits: () => ({ pids: 1 }),
      lastWords: () => this.lastWords,
      prepare: async (record, member) => {
        const { attempt } = containerRecord(record, member.name);
        const uid = record.pod.metadata.uid ?? '';
        return { id: containerId('m', uid, member.name, attempt), name: member.name } as ContainerPlan;
      },
      probe: async () => ({ ok: this.probeOk, message: 'no' }),
      proxyReady: async () => this.proxyReady,
      execHook: (_record, member, command) => {
        this.journal.push(`hook ${member.name}`);
        return this.hook(command);
      },
      save: (record) => void this.saved.push(record),
      publish: (_record, status) => void this.statuses.push(status),
      tell: (_record, event) => void this.events.push(event),
      release: async () => void this.journal.push('release'),
      dropLogs: async ({ pod }) => void this.withoutLogs.push(pod.metadata.name ?? ''),
      forget: async ({ pod }) => void this.forgotten.push(pod.metadata.name ?? ''),
    };
  }

  #containers(): Containers {
    const view = async (id: string): Promise<ContainerView> => this.views.get(id) ?? { state: 'absent' };
    return {
      view,
      create: async ({ id, name }) => {
        const error = this.creationErrors.get(name)?.shift();
        if (error !== undefined) throw error;
        this.journal.push(`create ${id.slice(5)}`);
        this.views.set(id, { state: 'created' });
      },
      start: async (id) => {
        this.journal.push(`start ${id.slice(5)}`);
        this.views.set(id, { state: 'running', startedAtMs: this.clock.wallMs(), pid: 1 });
      },
      signal: async (id, signal) => {
        this.journal.push(`${signal} ${id.slice(5)}`);
        if (signal === 'SIGTERM' && this.stubborn.has(id)) return;
        const code = signal === 'SIGTERM' ? 143 : 137;
        this.#exit(id, { code, oomKilled: false, known: true, finishedAtMs: this.clock.wallMs() });
      },
      exited: (id, signal) =>
        new Promise((resolve, reject) => {
          const seen = this.views.get(id);
          if (seen?.state === 'exited') return resolve(seen.exit);
          const waiting = this.#waiting.get(id) ?? new Set();
          this.#waiting.set(id, waiting.add(resolve));
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
      remove: async (id) => {
        this.journal.push(`remove ${id.slice(5)}`);
        this.views.delete(id);
      },
      list: async () => [...this.views.keys()],
      exec: async () => 0,
      usage: async () => undefined,
    };
  }

  #exit(id: string, exit: Exit): void {
    if (this.views.get(id)?.state !== 'running') return;
    this.views.set(id, { state: 'exited', exit });
    for (const resolve of this.#waiting.get(id) ?? []) resolve(exit);
  }
}
