/**
 * Make before break: what is named must be there before what names it. Clusters and endpoints go first, listeners
 * and routes follow when those were acknowledged, and what nobody names any more is dropped last.
 *
 *   CDS ► EDS ►(acknowledged)► LDS ► RDS ►(acknowledged)► removals: LDS, RDS, CDS, EDS
 *
 * Endpoints never wait for the clusters' acknowledgement: Envoy gives it when the endpoints have come. A change
 * waits only for what is not newer than itself, so that a stream of endpoint changes cannot hold a route back.
 */
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  RESOURCE_TYPES,
  type ResourceType,
  ROUTE_TYPE,
} from '#api/xds/resource-types.ts';
import type { Encoded } from '#control-plane/translation/encoded.ts';
import type { View } from '#control-plane/translation/view.ts';
import { ABSENT, isSubscribed, type Push, type SessionState, type TypeState } from './session-state.ts';

/** One response before it is sent. */
export interface Draft {
  readonly resources: readonly Encoded[];
  /** Delta: names that the response says are not there. */
  readonly removed: readonly string[];
  /** Names whose present state the response tells; those without a resource in it do not exist. */
  readonly names: readonly string[];
}

/**
 * How a protocol variant writes responses; undefined when there is nothing to say. Names that turn out not to differ
 * are taken off `dirty`, nothing else is changed.
 */
export interface Composer {
  updates(state: TypeState, type: ResourceType, view: View): Draft | undefined;
  removals(state: TypeState, type: ResourceType, view: View): Draft | undefined;
}

const NAMED_FIRST: readonly ResourceType[] = [CLUSTER_TYPE, ENDPOINT_TYPE];
const REMOVAL_ORDER: readonly ResourceType[] = [LISTENER_TYPE, ROUTE_TYPE, CLUSTER_TYPE, ENDPOINT_TYPE];

/** Everything that may be sent now. Marks it as sent. */
export function advance(state: SessionState, view: View, generation: number, composer: Composer): Push[] {
  const pushes: Push[] = [];
  const send = (type: ResourceType, draft: Draft | undefined): void => {
    if (draft !== undefined) pushes.push(sent(state, type, draft, generation));
  };
  const endpoints = state.types[ENDPOINT_TYPE];
  for (const name of state.awaitingEndpoints) {
    const gone = view.get(CLUSTER_TYPE, name) === undefined;
    if (gone || isSubscribed(endpoints, name)) state.awaitingEndpoints.delete(name);
  }
  for (const type of RESOURCE_TYPES) {
    const own = state.types[type];
    if (!isReady(own)) continue;
    if (!NAMED_FIRST.includes(type) && isHeld(state, NAMED_FIRST, own.lastDirty)) continue;
    const draft = composer.updates(own, type, view);
    if (type === CLUSTER_TYPE && draft !== undefined) awaitEndpoints(state, draft, view);
    send(type, draft);
  }
  for (const type of REMOVAL_ORDER) {
    const own = state.types[type];
    if (isReady(own) && !isHeld(state, RESOURCE_TYPES, own.lastDirty))
      send(type, composer.removals(own, type, view));
  }
  if (!isWaiting(state)) state.impatient = false;
  return pushes;
}

/** Whether something is ready to go but for an acknowledgement that has not come. */
export function isWaiting(state: SessionState): boolean {
  return RESOURCE_TYPES.some((type) => state.types[type].dirty.size > 0);
}

/** Everything was sent and answered. */
export function isQuiet(state: SessionState): boolean {
  return !isWaiting(state) && RESOURCE_TYPES.every((type) => state.types[type].inFlight === undefined);
}

function isReady(own: TypeState): boolean {
  return own.started && own.inFlight === undefined && (own.dirty.size > 0 || own.owesAnswer);
}

function isHeld(state: SessionState, types: readonly ResourceType[], generation: number): boolean {
  if (state.impatient) return false;
  if (state.awaitingEndpoints.size > 0) return true;
  return types.some((type) => {
    const { inFlight } = state.types[type];
    return inFlight !== undefined && inFlight.since <= generation;
  });
}

/** A client that watches endpoints asks for a new cluster's as soon as it has read of the cluster. */
function awaitEndpoints(state: SessionState, draft: Draft, view: View): void {
  const endpoints = state.types[ENDPOINT_TYPE];
  const { told } = state.types[CLUSTER_TYPE];
  if (!endpoints.started) return;
  for (const { name } of draft.resources) {
    const unasked = told.get(name)?.version === undefined && !isSubscribed(endpoints, name);
    if (unasked && view.get(ENDPOINT_TYPE, name) !== undefined) state.awaitingEndpoints.add(name);
  }
}

function sent(state: SessionState, type: ResourceType, draft: Draft, generation: number): Push {
  const own = state.types[type];
  const nonce = String(++state.lastNonce);
  const since = draft.names.reduce(
    (oldest, name) => Math.min(oldest, own.dirty.get(name) ?? oldest),
    generation,
  );
  own.inFlight = { nonce, names: draft.names, since, generation };
  own.generationSent = generation;
  own.owesAnswer = false;
  const resources = new Map(draft.resources.map((resource) => [resource.name, resource]));
  for (const name of draft.names) tell(own, name, resources.get(name));
  return { type, nonce, generation, resources: draft.resources, removed: draft.removed };
}

function tell(own: TypeState, name: string, resource: Encoded | undefined): void {
  if (resource !== undefined) own.told.set(name, resource);
  else if (own.names.has(name)) own.told.set(name, ABSENT);
  else own.told.delete(name);
  own.dirty.delete(name);
  own.forced.delete(name);
}
