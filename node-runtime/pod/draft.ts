import { type Action, actionKey, type Decision, type Observed, type PodEvent } from './decision.ts';
import { type Member, membersOf } from './members.ts';
import { type ContainerRecord, containerRecord, type PodRecord, withContainer } from './pod-record.ts';
import { type Health, type Stage, stageOf, UNPROBED } from './stage.ts';

/** A decision in the making: the steps of `decide` read the pod through it and write down what they want. */
export class Draft {
  record: PodRecord;
  readonly observed: Observed;
  readonly nowMs: number;
  readonly members: readonly Member[];
  readonly #actions: Action[] = [];
  readonly #events: PodEvent[] = [];
  #wakeAtMs = Number.POSITIVE_INFINITY;

  constructor(record: PodRecord, observed: Observed, nowMs: number) {
    this.record = record;
    this.observed = observed;
    this.nowMs = nowMs;
    this.members = membersOf(record);
  }

  container(name: string): ContainerRecord {
    return containerRecord(this.record, name);
  }

  amend(name: string, part: Partial<ContainerRecord>): void {
    this.record = withContainer(this.record, name, { ...this.container(name), ...part });
  }

  replace(name: string, next: ContainerRecord): void {
    this.record = withContainer(this.record, name, next);
  }

  stage(member: Member): Stage {
    return stageOf(member, this.container(member.name), this.observed.sightings.get(member.name));
  }

  health(member: Member): Health {
    return this.observed.health.get(member.name) ?? UNPROBED;
  }

  /** Asks for an action, unless it is under way or has just failed. */
  act(action: Action): void {
    const key = actionKey(action);
    if (this.observed.busy.has(key)) return;
    const retryAtMs = this.observed.cooling.get(key) ?? Number.NEGATIVE_INFINITY;
    if (this.nowMs < retryAtMs) this.wakeAt(retryAtMs);
    else this.#actions.push(action);
  }

  tell(event: PodEvent): void {
    this.#events.push(event);
  }

  wakeAt(atMs: number): void {
    this.#wakeAtMs = Math.min(this.#wakeAtMs, atMs);
  }

  finish(): Decision {
    return {
      record: this.record,
      actions: this.#actions,
      events: this.#events,
      wakeAtMs: Number.isFinite(this.#wakeAtMs) ? this.#wakeAtMs : undefined,
    };
  }
}
