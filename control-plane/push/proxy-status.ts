import {
  CLUSTER_TYPE,
  LISTENER_TYPE,
  RESOURCE_TYPES,
  ROUTE_TYPE,
  SHORT_NAMES,
} from '#api/xds/resource-types.ts';
import type { ProxyStatus, ShortType, TypeStatus, WaitResult } from './ledger.ts';
import type { ProxySession } from './proxy-session.ts';
import type { TypeState } from './session-state.ts';

type Member = Pick<ProxySession<never>, 'identity' | 'state' | 'connectedAt' | 'unasked'>;

/** What the proxy still lacks of generation `target` or older, as one sentence; undefined when nothing. */
export function behindReason(member: Member, target: number): string | undefined {
  for (const type of RESOURCE_TYPES) {
    const own = member.state.types[type];
    const name = SHORT_NAMES[type];
    if (own.inFlight !== undefined && own.inFlight.since <= target) {
      return `${name} ${own.inFlight.generation} was sent and is not acknowledged`;
    }
    if ([...own.dirty.values()].some((since) => since <= target)) {
      return `${name} waits for the acknowledgement of what it needs`;
    }
  }
  switch (member.identity.kind) {
    case 'sidecar':
      return startingReason(member);
    case 'gateway':
      return startingReason(member) ?? unaskedReason(member);
    case 'proxyless':
      return undefined;
  }
}

/** A sidecar that has just connected runs what it had, or nothing, until it has answered its first responses. */
function startingReason({ state }: Member): string | undefined {
  for (const type of [CLUSTER_TYPE, LISTENER_TYPE] as const) {
    const { settledNonce } = state.types[type];
    if (settledNonce === undefined) return `is starting: ${SHORT_NAMES[type]} is not acknowledged yet`;
  }
  return undefined;
}

/**
 * A gateway opens a port when it has the port's routes, and asks for those when it has heard of the port: until it has
 * asked, nobody else would know that something is still to come.
 */
function unaskedReason(member: Member): string | undefined {
  if (member.state.types[LISTENER_TYPE].refused.size > 0) return undefined;
  const [name] = member.unasked(ROUTE_TYPE);
  return name === undefined ? undefined : `has not asked for ${SHORT_NAMES[ROUTE_TYPE]} ${name} yet`;
}

/** One entry a type, with all that was said. */
export function refusalsSince(member: Member, generation: number): WaitResult['refused'] {
  return RESOURCE_TYPES.flatMap((type) => {
    const refusals = [...member.state.types[type].refused.values()].filter((r) => r.generation >= generation);
    const reasons = new Set(refusals.map(({ reason }) => reason));
    if (reasons.size === 0) return [];
    const reason = [...reasons].join('\n');
    return [{ proxy: member.identity.proxy, type: SHORT_NAMES[type], reason }];
  });
}

export function statusOf(member: Member): ProxyStatus {
  const types = RESOURCE_TYPES.map((type): [ShortType, TypeStatus] => [
    SHORT_NAMES[type],
    typeStatus(member.state.types[type]),
  ]);
  return {
    proxy: member.identity.proxy,
    kind: member.identity.kind,
    connectedSince: new Date(member.connectedAt).toISOString(),
    types: Object.fromEntries(types) as Record<ShortType, TypeStatus>,
  };
}

function typeStatus(own: TypeState): TypeStatus {
  const { generationSent: sent, generationAcked: acked } = own;
  return {
    sent,
    acked,
    lag: sent === undefined ? 0 : sent - (acked ?? 0),
    lastNack: own.lastNack,
    refused: [...own.refused.keys()],
  };
}
