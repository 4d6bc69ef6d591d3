/**
 * The state-of-the-world variant: a request names everything that the client wants of a type. Listeners and clusters
 * are answered with the full set, where absence deletes; routes and endpoints with what changed. A request with a
 * stale nonce changes no subscription: a newer one is on its way.
 */
import { CLUSTER_TYPE, LISTENER_TYPE, type ResourceType } from '#api/xds/resource-types.ts';
import type { Encoded } from '#control-plane/translation/encoded.ts';
import type { View } from '#control-plane/translation/view.ts';
import { advance, type Composer, type Draft } from './advance.ts';
import {
  type Answer,
  forget,
  isSubscribed,
  markAsked,
  type Push,
  type SessionState,
  settle,
  type Told,
  type TypeState,
} from './session-state.ts';

export interface SotwRequest extends Answer {
  readonly type: ResourceType;
  readonly names: readonly string[];
}

/** Takes one request; returns what can be sent now. `now` is the world's generation. */
export function receiveSotw(state: SessionState, request: SotwRequest, view: View, now: number): Push[] {
  const own = state.types[request.type];
  settle(own, request);
  if (isStale(own, request.nonce)) doubt(own, request.names, now);
  else resubscribe(own, request, view, now);
  return advance(state, view, now, SOTW);
}

/**
 * A stale request that leaves a name out may be followed by one that has it again: the client has dropped the resource
 * in between and waits for it. So such names are sent again, unless the next request does without them.
 */
function doubt(own: TypeState, names: readonly string[], now: number): void {
  const wanted = new Set(names);
  const missing = [...own.names].filter((name) => !wanted.has(name));
  for (const name of missing) own.forced.add(name);
  markAsked(own, missing, now);
}

/** A client that changes its mind after its ACK repeats the nonce that it acknowledged; an empty one opens the type. */
function isStale(own: TypeState, nonce: string): boolean {
  return nonce !== '' && own.started && (own.inFlight !== undefined || nonce !== own.settledNonce);
}

function resubscribe(own: TypeState, { type, names }: SotwRequest, view: View, now: number): void {
  const wanted = new Set(names.filter((name) => name !== '*'));
  const wasWildcard = own.wildcard;
  const namedNothingYet = own.names.size === 0 && (!own.started || own.wildcard);
  own.wildcard =
    names.includes('*') ||
    (names.length === 0 && namedNothingYet && (type === LISTENER_TYPE || type === CLUSTER_TYPE));
  own.started = true;
  const added = [...wanted].filter((name) => !own.names.has(name));
  for (const name of [...own.names]) if (!wanted.has(name)) own.names.delete(name);
  for (const name of added) {
    own.names.add(name);
    own.forced.add(name);
  }
  for (const name of [...own.told.keys()]) if (!isSubscribed(own, name)) forget(own, name);
  markAsked(own, added, now);
  if (own.wildcard && !wasWildcard) {
    own.owesAnswer = true;
    markAsked(own, view.names(type), now);
  }
}

export const SOTW: Composer = { updates, removals };

function updates(own: TypeState, type: ResourceType, view: View): Draft | undefined {
  const differing: string[] = [];
  for (const name of own.dirty.keys()) {
    const resource = view.get(type, name);
    const told = own.told.get(name)?.version;
    if (!isSubscribed(own, name)) own.dirty.delete(name);
    else if (own.forced.has(name) || (resource !== undefined && resource.version !== told))
      differing.push(name);
    else if (resource !== undefined || told === undefined) own.dirty.delete(name);
  }
  const full = type === LISTENER_TYPE || type === CLUSTER_TYPE;
  return full ? fullSet(own, type, view, differing) : changedOnes(own, type, view, differing);
}

/** All that the client wants and that exists, and what it holds of the rest until `removals`. */
function fullSet(
  own: TypeState,
  type: ResourceType,
  view: View,
  differing: readonly string[],
): Draft | undefined {
  if (differing.length === 0 && !own.owesAnswer) return undefined;
  const names = own.wildcard ? new Set(view.names(type)) : own.names;
  const resources = [...names].flatMap((name) => view.get(type, name) ?? []);
  const held = [...own.dirty.keys()].flatMap((name) =>
    view.get(type, name) === undefined ? heldResource(own.told.get(name)) : [],
  );
  for (const { name } of held) own.forced.delete(name);
  const settled = differing.filter(
    (name) => view.get(type, name) !== undefined || !isHeld(own.told.get(name)),
  );
  return { resources: [...resources, ...held], removed: [], names: settled };
}

function changedOnes(
  own: TypeState,
  type: ResourceType,
  view: View,
  differing: readonly string[],
): Draft | undefined {
  const resources = differing.flatMap((name) => view.get(type, name) ?? []);
  for (const name of differing) if (view.get(type, name) === undefined) own.dirty.delete(name);
  if (resources.length === 0) return undefined;
  return { resources, removed: [], names: resources.map(({ name }) => name) };
}

/** The full set without what is gone. Routes and endpoints cannot be taken back in this variant: they are forgotten. */
function removals(own: TypeState, type: ResourceType, view: View): Draft | undefined {
  const gone = [...own.dirty.keys()].filter((name) => view.get(type, name) === undefined);
  if (gone.length === 0) return undefined;
  if (type !== LISTENER_TYPE && type !== CLUSTER_TYPE) {
    for (const name of gone) forget(own, name);
    return undefined;
  }
  const names = own.wildcard ? new Set(view.names(type)) : own.names;
  return { resources: [...names].flatMap((name) => view.get(type, name) ?? []), removed: [], names: gone };
}

function isHeld(told: Told | undefined): boolean {
  return told !== undefined && 'bytes' in told;
}

function heldResource(told: Told | undefined): Encoded[] {
  return told !== undefined && 'bytes' in told ? [told] : [];
}
