/**
 * The delta (incremental) variant of the protocol: responses carry what changed, requests carry changes of the
 * subscription. A stale nonce voids the acknowledgement in a request, not its subscriptions.
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
  type TypeState,
} from './session-state.ts';

export interface DeltaRequest extends Answer {
  readonly type: ResourceType;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** First request of a type on a new stream: what the client still has from the last one. */
  readonly initialVersions: ReadonlyMap<string, string>;
}

/** One response carries about this much and the rest follows when it is acknowledged. gRPC's usual limit is 4 MiB. */
export const RESPONSE_BYTES = 1024 * 1024;

/** Takes one request; returns what can be sent now. `now` is the world's generation. */
export function receiveDelta(state: SessionState, request: DeltaRequest, view: View, now: number): Push[] {
  const own = state.types[request.type];
  if (request.nonce !== '') settle(own, request);
  if (!own.started) open(own, request);
  unsubscribe(own, request.unsubscribe, now);
  subscribe(own, request.subscribe, request.type, view, now);
  return advance(state, view, now, DELTA);
}

/** Never having named anything is a wildcard for listeners and clusters. */
function open(own: TypeState, { type, subscribe: names, initialVersions }: DeltaRequest): void {
  own.started = true;
  for (const [name, version] of initialVersions) own.told.set(name, { version });
  if (names.length === 0 && (type === LISTENER_TYPE || type === CLUSTER_TYPE)) own.wildcard = true;
  own.owesAnswer = own.wildcard;
}

function subscribe(
  own: TypeState,
  names: readonly string[],
  type: ResourceType,
  view: View,
  now: number,
): void {
  const named = names.filter((name) => name !== '*');
  for (const name of named) {
    if (own.names.has(name)) own.forced.add(name);
    own.names.add(name);
  }
  markAsked(own, named, now);
  if (named.length < names.length) {
    own.wildcard = true;
    own.owesAnswer = true;
  }
  if (own.owesAnswer) markAsked(own, [...view.names(type), ...own.told.keys()], now);
}

function unsubscribe(own: TypeState, names: readonly string[], now: number): void {
  for (const name of names) {
    if (name === '*') own.wildcard = false;
    else own.names.delete(name);
  }
  if (names.includes('*')) {
    for (const name of [...own.told.keys()]) if (!own.names.has(name)) forget(own, name);
  }
  for (const name of names) {
    if (name === '*') continue;
    if (!own.wildcard) {
      forget(own, name);
      continue;
    }
    own.forced.add(name);
    markAsked(own, [name], now);
  }
}

export const DELTA: Composer = { updates, removals };

/**
 * What exists and differs; and, at once, that a name the client asked for does not exist. A resource that the client
 * has and that is gone stays dirty for `removals`.
 */
function updates(own: TypeState, type: ResourceType, view: View): Draft | undefined {
  const resources: Encoded[] = [];
  const removed: string[] = [];
  let bytes = 0;
  for (const name of own.dirty.keys()) {
    const resource = view.get(type, name);
    const told = own.told.get(name);
    if (!isSubscribed(own, name) || isCurrent(own, name, told?.version, resource)) {
      settleQuietly(own, name);
    } else if (resource !== undefined) {
      if (bytes > 0 && bytes + resource.bytes.length > RESPONSE_BYTES) continue;
      bytes += resource.bytes.length;
      resources.push(resource);
    } else if (told?.version === undefined) {
      removed.push(name);
    }
  }
  if (resources.length === 0 && removed.length === 0 && !own.owesAnswer) return undefined;
  return { resources, removed, names: [...resources.map(({ name }) => name), ...removed] };
}

function removals(own: TypeState, type: ResourceType, view: View): Draft | undefined {
  const removed = [...own.dirty.keys()].filter((name) => view.get(type, name) === undefined);
  return removed.length === 0 ? undefined : { resources: [], removed, names: removed };
}

/** The client knows already; of a name that it never asked for it need not hear that it does not exist. */
function isCurrent(
  own: TypeState,
  name: string,
  told: string | undefined,
  resource: Encoded | undefined,
): boolean {
  if (own.forced.has(name)) return false;
  if (resource !== undefined) return told === resource.version;
  return told === undefined && (!own.names.has(name) || own.told.has(name));
}

function settleQuietly(own: TypeState, name: string): void {
  own.dirty.delete(name);
  own.forced.delete(name);
}
