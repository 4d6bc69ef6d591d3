/**
 * Whatever happens in whatever order, a client that acknowledges ends up with the world it subscribed to, one response
 * of a type is in flight at most, and no response says a name twice.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  RESOURCE_TYPES,
  type ResourceType,
  ROUTE_TYPE,
} from '#api/xds/resource-types.ts';
import { advance } from './advance.ts';
import { DELTA, receiveDelta } from './delta-session.ts';
import { markDirty, newSession, type Push } from './session-state.ts';
import { receiveSotw, SOTW } from './sotw-session.ts';
import { ToyView } from './testing/toy-view.ts';

const NAMES = ['a', 'b'];
const WILDCARDS: readonly ResourceType[] = [CLUSTER_TYPE, LISTENER_TYPE];

type Step =
  | {
      readonly do: 'change';
      readonly type: ResourceType;
      readonly name: string;
      readonly content: string | undefined;
    }
  | { readonly do: 'subscribe' | 'unsubscribe'; readonly type: ResourceType; readonly name: string }
  | { readonly do: 'answer'; readonly type: ResourceType; readonly refuse: boolean };

const type = fc.constantFrom(...RESOURCE_TYPES);
const name = fc.constantFrom(...NAMES);
const content = fc.option(fc.constantFrom('1', '2'), { nil: undefined });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('change' as const), type, name, content }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('subscribe' as const), type, name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unsubscribe' as const), type, name }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      type,
      refuse: fc.integer({ max: 9, min: 0 }).map((n) => n === 0),
    }),
  },
);

/** A client of either variant: applies what it is sent when it answers, refusals included (it keeps nothing then). */
abstract class Model {
  readonly view = new ToyView();
  readonly state = newSession();
  readonly held = new Map<ResourceType, Map<string, string>>(RESOURCE_TYPES.map((t) => [t, new Map()]));
  readonly wanted = new Map<ResourceType, Set<string>>(RESOURCE_TYPES.map((t) => [t, new Set()]));
  readonly waiting = new Map<ResourceType, Push>();
  /** Names that a refused response may have spoken of: the client may be wrong about them until it is told again. */
  readonly refused = new Set<string>();
  generation = 1;

  abstract start(): void;
  abstract subscribe(type: ResourceType, name: string): void;
  abstract unsubscribe(type: ResourceType, name: string): void;
  abstract reply(push: Push, error: string | undefined): void;
  abstract advance(): Push[];
  abstract apply(push: Push): void;

  run(action: Step): void {
    if (action.do === 'change') this.change(action);
    else if (action.do === 'answer') this.answer(action.type, action.refuse);
    else this[action.do](action.type, action.name);
  }

  take(pushes: readonly Push[]): void {
    for (const push of pushes) {
      expect(this.waiting.has(push.type), 'one response in flight').toBe(false);
      const names = push.resources.map((resource) => resource.name);
      expect(new Set(names).size, 'no name twice').toBe(names.length);
      this.waiting.set(push.type, push);
    }
  }

  answer(type: ResourceType, refuse: boolean): void {
    const push = this.waiting.get(type);
    if (push === undefined) return;
    this.waiting.delete(type);
    if (refuse) for (const any of NAMES) this.refused.add(`${type} ${any}`);
    else this.apply(push);
    this.reply(push, refuse ? 'refused' : undefined);
  }

  change({ type, name, content }: Step & { do: 'change' }): void {
    this.generation += 1;
    this.view.set(type, name, content);
    markDirty(this.state.types[type], [name], this.generation);
    this.take(this.advance());
  }

  settle(): void {
    while (this.waiting.size > 0) for (const pending of [...this.waiting.keys()]) this.answer(pending, false);
  }

  keep(type: ResourceType, push: Push): void {
    for (const { name, version } of push.resources) {
      this.held.get(type)!.set(name, version);
      this.refused.delete(`${type} ${name}`);
    }
  }
}

class DeltaModel extends Model {
  start(): void {
    for (const wildcard of WILDCARDS) this.#send(wildcard, {});
  }

  subscribe(type: ResourceType, name: string): void {
    if (WILDCARDS.includes(type)) return;
    this.wanted.get(type)!.add(name);
    this.#send(type, { subscribe: [name] });
  }

  unsubscribe(type: ResourceType, name: string): void {
    if (WILDCARDS.includes(type) || !this.wanted.get(type)!.delete(name)) return;
    this.held.get(type)!.delete(name);
    this.#send(type, { unsubscribe: [name] });
  }

  reply(push: Push, error: string | undefined): void {
    this.#send(push.type, { nonce: push.nonce, error });
  }

  advance(): Push[] {
    return advance(this.state, this.view, this.generation, DELTA);
  }

  apply(push: Push): void {
    this.keep(push.type, push);
    for (const name of push.removed) {
      this.held.get(push.type)!.delete(name);
      this.refused.delete(`${push.type} ${name}`);
    }
    if (!WILDCARDS.includes(push.type)) {
      for (const name of this.held.get(push.type)!.keys()) {
        if (!this.wanted.get(push.type)!.has(name)) this.held.get(push.type)!.delete(name);
      }
    }
  }

  #send(type: ResourceType, more: object): void {
    const empty = { subscribe: [], unsubscribe: [], initialVersions: new Map(), nonce: '', error: undefined };
    this.take(receiveDelta(this.state, { type, ...empty, ...more }, this.view, this.generation));
  }
}

class SotwModel extends Model {
  readonly #nonces = new Map<ResourceType, string>();

  start(): void {
    for (const wildcard of WILDCARDS) this.#send(wildcard, undefined);
  }

  subscribe(type: ResourceType, name: string): void {
    if (WILDCARDS.includes(type)) return;
    this.wanted.get(type)!.add(name);
    this.#send(type, undefined);
  }

  unsubscribe(type: ResourceType, name: string): void {
    if (WILDCARDS.includes(type) || !this.wanted.get(type)!.delete(name)) return;
    this.held.get(type)!.delete(name);
    this.#send(type, undefined);
  }

  reply(push: Push, error: string | undefined): void {
    this.#nonces.set(push.type, push.nonce);
    this.#send(push.type, error);
  }

  advance(): Push[] {
    return advance(this.state, this.view, this.generation, SOTW);
  }

  apply(push: Push): void {
    if (WILDCARDS.includes(push.type)) {
      this.held.get(push.type)!.clear();
      for (const any of NAMES) this.refused.delete(`${push.type} ${any}`);
    }
    this.keep(push.type, push);
    if (WILDCARDS.includes(push.type)) return;
    for (const name of this.held.get(push.type)!.keys()) {
      if (!this.wanted.get(push.type)!.has(name)) this.held.get(push.type)!.delete(name);
    }
  }

  #send(type: ResourceType, error: string | undefined): void {
    const names = [...this.wanted.get(type)!];
    const request = { type, names, nonce: this.#nonces.get(type) ?? '', error };
    this.take(receiveSotw(this.state, request, this.view, this.generation));
  }
}

function expectInStep(model: Model, forgetsRemovals: readonly ResourceType[]): void {
  for (const resourceType of RESOURCE_TYPES) {
    const names = WILDCARDS.includes(resourceType) ? NAMES : [...model.wanted.get(resourceType)!];
    for (const wanted of names) {
      if (model.refused.has(`${resourceType} ${wanted}`)) continue;
      const present = model.view.get(resourceType, wanted)?.version;
      if (present === undefined && forgetsRemovals.includes(resourceType)) continue;
      expect([wanted, model.held.get(resourceType)!.get(wanted)]).toEqual([wanted, present]);
    }
    expect(model.state.types[resourceType].dirty.size, 'nothing is left to send').toBe(0);
  }
}

test.each([
  ['delta', () => new DeltaModel(), []],
  ['state-of-the-world', () => new SotwModel(), [ENDPOINT_TYPE, ROUTE_TYPE]],
] as const)('a %s client ends in step with the world', (_name, create, forgetsRemovals) => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
      const model = create();
      model.start();
      for (const action of steps) model.run(action);
      model.settle();
      model.state.awaitingEndpoints.clear();
      model.take(model.advance());
      model.settle();
      expectInStep(model, forgetsRemovals);
    }),
    { numRuns: 1_000 },
  );
});
