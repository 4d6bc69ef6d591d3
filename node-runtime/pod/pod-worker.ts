import { sleep, type Timer } from '#api/foundation/clock.ts';
import { messageOf, WeftError } from '#api/foundation/errors.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { ActionRunner } from './action-runner.ts';
import type { Subject } from './carry-out.ts';
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
import type { Health, Sighting } from './stage.ts';

/** What exists could not be looked at: the OCI runtime is out of order, or the machine very busy. */
const LOOK_AGAIN_MS = 1_000;

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
  readonly #actions: ActionRunner;
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
    this.#actions = new ActionRunner(this, this.#tools, {
      failure: (action, error) => this.#failed(action, error),
      end: () => this.#poke(),
    });
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
      busy: this.#actions.busy,
      cooling: this.#actions.cooling,
    };
  }

  /** Looks at what there is already, however long that takes, then begins to act. */
  async start(): Promise<void> {
    const { clock, logger } = this.#tools;
    while (this.#observing && !this.#stopped) {
      try {
        await this.#observe();
        this.#observing = false;
      } catch (error) {
        logger.error('the pod cannot be looked at, trying again', { reason: messageOf(error) });
        await sleep(clock, LOOK_AGAIN_MS);
      }
    }
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
    this.#actions.cooling.clear();
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
    if (next === this.#record || this.#stopped) return;
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

  async #observe(): Promise<void> {
    const { sandbox, pod } = this.#record;
    const whole = await this.#tools.sandboxes.isWhole(sandbox, pod.metadata.uid ?? '');
    this.#sandbox = whole ? 'ready' : 'absent';
    if (this.#record.tornDown) return;
    await Promise.all(membersOf(this.#record).map((member) => this.#look(member)));
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
    for (const action of decision.actions) void this.#actions.run(action);
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

  #failed(action: Action, error: unknown): void {
    if (action.do === 'set-up-sandbox') this.#sandboxFailed(error);
    if (action.do !== 'create' && action.do !== 'start') return;
    const { container } = action;
    this.amend((record) => creationFailed(record, container, error, this.#tools.clock.wallMs()));
    const message = messageOf(error);
    this.#tools.tell(this.#record, { type: 'Warning', reason: 'Failed', message, container });
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
      settled: !this.#actions.busy.has(actionKey({ do: 'start', container: name })),
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
