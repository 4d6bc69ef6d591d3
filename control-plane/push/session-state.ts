/**
 * What the server knows of one proxy on one stream. Each resource type is a conversation of its own:
 *
 *   client: subscribe A, B ──────────►  dirty {A, B}
 *                          ◄──────────  response nonce 1: A, B        in flight {A, B}
 *   client: ACK 1 (or NACK 1: why) ──►  nothing in flight; what changed meanwhile is dirty and goes next
 *
 * At most one response a type is in flight: a slow proxy is sent the latest state when it is ready for it, never a
 * queue of old ones. The state belongs to its session and is changed in place, since it names every resource that
 * the proxy holds; the step functions are otherwise pure: same state, event and view, same answer.
 */
import { RESOURCE_TYPES, type ResourceType } from '#api/xds/resource-types.ts';
import type { Encoded } from '#control-plane/translation/encoded.ts';
import { refusedNames } from './refused-names.ts';

/** What the client was last told of a name: a version of it, or that it does not exist. */
export type Told = Encoded | { readonly version: string | undefined };

export const ABSENT: Told = { version: undefined };

export interface InFlight {
  readonly nonce: string;
  readonly names: readonly string[];
  /** The oldest change that this response brings: see `TypeState.dirty`. */
  readonly since: number;
  /** The generation of the world that it shows. */
  readonly generation: number;
}

export interface Refusal {
  readonly reason: string;
  readonly generation: number;
  /** The version that was refused; absent when the proxy did not say that it was this resource of several. */
  readonly resource?: Encoded;
}

export interface TypeState {
  /** False until the first request of this type. */
  started: boolean;
  wildcard: boolean;
  readonly names: Set<string>;
  readonly told: Map<string, Told>;
  /** Names to look at, with the generation since which the client may be behind; 0 for what it just asked for. */
  readonly dirty: Map<string, number>;
  /** The latest generation that made something dirty. */
  lastDirty: number;
  /** Names that must be answered although the client has them: it asked again. */
  readonly forced: Set<string>;
  /** The next response goes out even when it is empty: the client waits for it to know that there is nothing. */
  owesAnswer: boolean;
  inFlight: InFlight | undefined;
  /** Of the last response that was acknowledged or refused. */
  settledNonce: string | undefined;
  /** Resources that the client refused and still runs an older version of, or none. */
  readonly refused: Map<string, Refusal>;
  generationSent: number | undefined;
  generationAcked: number | undefined;
  lastNack: string | undefined;
}

export interface SessionState {
  readonly types: Readonly<Record<ResourceType, TypeState>>;
  lastNonce: number;
  /** New clusters whose endpoints the client has not asked for yet: routes to them would fail. */
  readonly awaitingEndpoints: Set<string>;
  /** Waited long enough for acknowledgements: nothing is held back until all is sent. */
  impatient: boolean;
}

/** One response to send. */
export interface Push {
  readonly type: ResourceType;
  readonly nonce: string;
  readonly generation: number;
  readonly resources: readonly Encoded[];
  /** Delta only. */
  readonly removed: readonly string[];
}

/** The proxy's answer to a response, inside its next request. */
export interface Answer {
  /** '' in a request that answers nothing. */
  readonly nonce: string;
  /** The NACK's message. A NACK is this and nothing else. */
  readonly error: string | undefined;
}

export function newSession(): SessionState {
  return {
    types: Object.fromEntries(RESOURCE_TYPES.map((type) => [type, newTypeState()])) as SessionState['types'],
    lastNonce: 0,
    awaitingEndpoints: new Set(),
    impatient: false,
  };
}

function newTypeState(): TypeState {
  return {
    started: false,
    wildcard: false,
    names: new Set(),
    told: new Map(),
    dirty: new Map(),
    lastDirty: 0,
    forced: new Set(),
    owesAnswer: false,
    inFlight: undefined,
    settledNonce: undefined,
    refused: new Map(),
    generationSent: undefined,
    generationAcked: undefined,
    lastNack: undefined,
  };
}

export function isSubscribed(state: TypeState, name: string): boolean {
  return state.wildcard || state.names.has(name);
}

/** The names may differ since `generation`. Those that the client did not ask for are left out. */
export function markDirty(state: TypeState, names: Iterable<string>, generation: number): void {
  for (const name of names) {
    if (!isSubscribed(state, name)) continue;
    if (!state.dirty.has(name)) state.dirty.set(name, generation);
    state.lastDirty = generation;
  }
}

/** The client asked for these by name just now. `now` is the world's generation. */
export function markAsked(state: TypeState, names: Iterable<string>, now: number): void {
  for (const name of names) state.dirty.set(name, 0);
  state.lastDirty = Math.max(state.lastDirty, now);
}

/** The client no longer wants to hear of this name. */
export function forget(state: TypeState, name: string): void {
  state.told.delete(name);
  state.dirty.delete(name);
  state.forced.delete(name);
  state.refused.delete(name);
}

/** Takes an ACK or a NACK. False when it answers nothing that is in flight. */
export function settle(state: TypeState, answer: Answer): boolean {
  const { inFlight } = state;
  if (inFlight === undefined || inFlight.nonce !== answer.nonce) return false;
  state.inFlight = undefined;
  state.settledNonce = answer.nonce;
  if (answer.error === undefined) {
    for (const name of inFlight.names) state.refused.delete(name);
    state.generationAcked = inFlight.generation;
  } else {
    refuse(state, inFlight, answer.error);
    state.lastNack = answer.error;
  }
  return true;
}

/** What a refusal that names its resources does not name was accepted. */
function refuse(state: TypeState, { names, generation }: InFlight, error: string): void {
  const refused = refusedNames(names, error);
  for (const name of names) {
    const found = refused.get(name);
    if (found === undefined) state.refused.delete(name);
    else if (isSubscribed(state, name)) {
      const told = state.told.get(name);
      const resource = found.certain && told !== undefined && 'bytes' in told ? { resource: told } : {};
      state.refused.set(name, { reason: found.reason, generation, ...resource });
    }
  }
}
