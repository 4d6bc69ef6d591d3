import type { Timer } from '#api/foundation/clock.ts';
import { codeOf, messageOf, WeftError } from '#api/foundation/errors.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { carryOut, type Subject } from './carry-out.ts';
import { containerId } from './container-plan.ts';
import { ContainerWatches } from './container-watches.ts';
import type { ContainerView } from './containers.ts';
import { decide } from './decide.ts';
import { type Action, actionKey, type Observed } from './decision.ts';
import { type Member, membersOf } from './members.ts';
import { creationFailed } from './outcomes.ts';
import { containerRecord, type PodRecord } from './pod-record.ts';
import { podStatus } from './pod-status.ts';
import type { PodTools } from './pod-tools.ts';
import { isSamePod, rememberedPod } from './remembered-pod.ts';
import { failureDelay } from './restart-backoff.ts';
import type { Health, Sighting } from './stage.ts';

/** A kill that was sent is sent again if the container is still there after this. */
const KILL_AGAIN_MS = 2_000;

/**
 * One pod's caretaker. It keeps what is remembered and what is seen, asks `decide` after every change, and carries out
 * what that says, several actions at a time but each once. It decides nothing itself.
 */
export class PodWorker implements Subject {
  readonly #tools: PodTools;
  readonly #onOver: () => void;
  #record: PodRecord;
  #sandbox: Observed['sandbox'] = 'absent';
  #sandboxFailure: Observed['sandboxFailure'];
  readonly #sightings = new Map<string, Sighting>();
  readonly #health = new Map<string, Health>();
  readonly #busy = new Set<string>();
  readonly #cooling = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #watches: ContainerWatches;
  #timer: Timer | undefined;
  #poked = false;
  #observing = true;
  #stopped = false;
  #published = '';

  constructor(record: PodRecord, tools: PodTools, onOver: () => void) {
    this.#record = record;
    this.#tools = { ...tools, logger: tools.logger.with(nameFields(record)) };
    this.#watches = new ContainerWatches(this.#tools);
    this.#onOver = onOver;
  }

  get record(): PodRecord {
    return this.#record;
  }

  /** What is seen now, for a person who asks. */
  get observed(): Observed {
    return {
      sandbox: this.#sandbox,
      sandboxFailure: this.#sandboxFailure,
      sightings: this.#sightings,
      health: this.#health,
      busy: this.#busy,
      cooling: this.#cooling,
    };
  }

  /** Looks at what there is already, then begins to act. */
  async start(): Promise<void> {
    const { sandboxes } = this.#tools;
    if ((await sandboxes.list()).includes(this.#record.sandbox)) this.#sandbox = 'ready';
    if (!this.#record.tornDown)
      await Promise.all(membersOf(this.#record).map((member) => this.#look(member)));
    this.#observing = false;
    this.#poke();
  }

  /** The pod changed in the API. */
  update(pod: Pod): void {
    const next = rememberedPod(pod);
    this.amend((record) => (isSamePod(record.pod, next) ? record : { ...record, pod: next }));
  }

  /** The API has this pod no more: it ends at once, as if it had been deleted by force. */
  gone(): void {
    this.amend((record) => {
      const sinceMs = record.ending?.sinceMs ?? this.#tools.clock.wallMs();
      return { ...record, ending: { reason: 'gone', sinceMs, graceMs: 0 } };
    });
  }

  /** The pod must leave this node, whatever its containers do. */
  evict(message: string): void {
    if (this.#record.ending !== undefined) return;
    const sinceMs = this.#tools.clock.wallMs();
    this.amend((record) => ({ ...record, ending: { reason: 'evicted', sinceMs, graceMs: 0, message } }));
    this.#tools.tell(this.#record, { type: 'Warning', reason: 'Evicted', message });
  }

  /** Tries at once what waits to be tried again: what it lacked may be there now. */
  retry(): void {
    this.#cooling.clear();
    const now = this.#tools.clock.wallMs();
    for (const [name, container] of Object.entries(this.#record.containers)) {
      if (container.failure === undefined || container.failure.retryAtMs <= now) continue;
      const failure = { ...container.failure, retryAtMs: now };
      this.amend((record) => ({
        ...record,
        containers: { ...record.containers, [name]: { ...container, failure } },
      }));
    }
  }

  /** Lets go of the pod, which goes on without a caretaker. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#watches.stop();
  }

  amend(change: (record: PodRecord) => PodRecord): void {
    const next = change(this.#record);
    if (next === this.#record) return;
    this.#record = next;
    this.#tools.save(next);
    this.#poke();
  }

  sandboxIs(state: Observed['sandbox']): void {
    this.#sandbox = state;
    this.#sandboxFailure = undefined;
    this.#poke();
  }

  saw(name: string, attempt: number, view: ContainerView): void {
    const member = membersOf(this.#record).find((candidate) => candidate.name === name);
    const message =
      view.state === 'exited' && member !== undefined
        ? this.#tools.lastWords(this.#record, member, view.exit.code !== 0)
        : undefined;
    this.#sightings.set(name, { attempt, view, message });
    this.#poke();
  }

  over(): void {
    this.stop();
    this.#onOver();
  }

  async #look(member: Member): Promise<void> {
    const { attempt } = containerRecord(this.#record, member.name);
    const view = await this.#tools.containers.view(this.#idOf(member.name, attempt));
    this.saw(member.name, attempt, view);
  }

  #idOf(name: string, attempt: number): string {
    return containerId(this.#tools.meshId, this.#record.pod.metadata.uid ?? '', name, attempt);
  }

  /** Several changes of one turn of the event loop are one occasion to decide. */
  #poke(): void {
    if (this.#poked || this.#observing || this.#stopped) return;
    this.#poked = true;
    queueMicrotask(() => {
      this.#poked = false;
      if (!this.#stopped) this.#step();
    });
  }

  #step(): void {
    const { clock } = this.#tools;
    const decision = decide(this.#record, this.observed, clock.wallMs());
    if (decision.record !== this.#record) {
      this.#record = decision.record;
      this.#tools.save(decision.record);
    }
    for (const event of decision.events) this.#tools.tell(this.#record, event);
    for (const action of decision.actions) void this.#run(action);
    for (const member of membersOf(this.#record)) this.#watch(member);
    this.#wake(decision.wakeAtMs);
    this.#publish();
  }

  #wake(atMs: number | undefined): void {
    this.#timer?.cancel();
    if (atMs === undefined) return;
    const delayMs = Math.max(1, atMs - this.#tools.clock.wallMs());
    this.#timer = this.#tools.clock.after(Math.min(delayMs, MAX_TIMER_MS), () => this.#poke());
  }

  async #run(action: Action): Promise<void> {
    const key = actionKey(action);
    const { clock, logger } = this.#tools;
    const startedMs = clock.nowMs();
    this.#busy.add(key);
    try {
      await carryOut(action, this, this.#tools);
      logger.debug('action done', { action: key, ms: Math.round(clock.nowMs() - startedMs) });
      this.#failures.delete(key);
      if (action.do === 'kill') this.#cooling.set(key, clock.wallMs() + KILL_AGAIN_MS);
    } catch (error) {
      this.#failed(action, error);
    } finally {
      this.#busy.delete(key);
      this.#poke();
    }
  }

  #failed(action: Action, error: unknown): void {
    const { clock, logger } = this.#tools;
    const key = actionKey(action);
    logger.warn('action failed', { action: key, code: codeOf(error), reason: messageOf(error) });
    const delayMs = failureDelay(this.#failures.get(key));
    this.#failures.set(key, delayMs);
    this.#cooling.set(key, clock.wallMs() + delayMs);
    if (action.do === 'set-up-sandbox') this.#sandboxFailed(error);
    if (action.do !== 'create' && action.do !== 'start') return;
    this.amend((record) => creationFailed(record, action.container, error, clock.wallMs()));
    this.#cooling.delete(key);
    const message = messageOf(error);
    this.#tools.tell(this.#record, {
      type: 'Warning',
      reason: 'Failed',
      message,
      container: action.container,
    });
  }

  #sandboxFailed(error: unknown): void {
    const remedy = error instanceof WeftError && error.remedy !== undefined ? `; ${error.remedy}` : '';
    const message = `${messageOf(error)}${remedy}`;
    const reason = error instanceof WeftError ? error.code : 'FailedCreatePodSandBox';
    this.#sandboxFailure = { reason, message };
    this.#tools.tell(this.#record, { type: 'Warning', reason: 'FailedCreatePodSandBox', message });
  }

  #watch(member: Member): void {
    const { name } = member;
    const sighting = this.#sightings.get(name);
    const attempt = sighting?.view.state === 'running' ? sighting.attempt : undefined;
    if (this.#watches.release(name, attempt)) this.#health.delete(name);
    if (attempt === undefined) return;
    this.#watches.follow({
      member,
      attempt,
      id: this.#idOf(name, attempt),
      settled: !this.#busy.has(actionKey({ do: 'start', container: name })),
      health: {
        record: () => this.#record,
        startedAtMs: containerRecord(this.#record, name).startedAtMs ?? this.#tools.clock.wallMs(),
        inherited: this.#inherited(name, attempt),
        onHealth: (health) => {
          this.#health.set(name, health);
          this.#poke();
        },
      },
      onView: (view) => this.saw(name, attempt, view),
    });
  }

  /** The last status speaks of this container only when it is of the same attempt. */
  #inherited(name: string, attempt: number): Pick<Health, 'started' | 'ready'> | undefined {
    const { status } = this.#record;
    const known = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].find(
      (candidate) => candidate.name === name && candidate.restartCount === attempt,
    );
    return known?.state?.running === undefined
      ? undefined
      : { started: known.started === true, ready: known.ready };
  }

  #publish(): void {
    const { clock, hostIp } = this.#tools;
    const status = podStatus(this.#record, this.observed, hostIp, clock.wallMs());
    const text = JSON.stringify(status);
    if (text === this.#published) return;
    this.#published = text;
    this.#record = { ...this.#record, status };
    this.#tools.save(this.#record);
    this.#tools.publish(this.#record, status);
  }
}

/** Longer timers overflow; waking up once a day too many costs nothing. */
const MAX_TIMER_MS = 86_400_000;

function nameFields({ pod }: PodRecord): Record<string, string> {
  return { namespace: pod.metadata.namespace ?? '', pod: pod.metadata.name ?? '' };
}
