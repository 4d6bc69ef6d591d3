/** Between Envoy's messages and the sessions' words: both variants of the protocol. */
import { create } from '@bufbuild/protobuf';
import {
  type DeltaDiscoveryRequest,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
  type DiscoveryRequest,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from '#api/xds/gen/envoy/service/discovery/v3/discovery_pb.js';
import type { Status } from '#api/xds/gen/google/rpc/status_pb.js';
import { RESOURCE_TYPES, type ResourceType } from '#api/xds/resource-types.ts';
import { DELTA, type DeltaRequest, receiveDelta } from './delta-session.ts';
import type { Variant } from './proxy-session.ts';
import { MAX_ERROR_LENGTH } from './refused-names.ts';
import type { Push } from './session-state.ts';
import { receiveSotw, SOTW, type SotwRequest } from './sotw-session.ts';

/** A variant with its messages. `read` gives undefined for a type that is not served, and a sentence for a refusal. */
export interface WireVariant<Message, Request, Response> extends Variant<Request> {
  readonly name: 'delta' | 'state-of-the-world';
  read(message: Message): Request | string | undefined;
  write(push: Push): Response;
}

/** More names than this in one request, or longer ones, come from no proxy that works. */
const MAX_NAMES = 50_000;
const MAX_NAME_LENGTH = 2_048;

export const DELTA_WIRE: WireVariant<DeltaDiscoveryRequest, DeltaRequest, DeltaDiscoveryResponse> = {
  name: 'delta',
  composer: DELTA,
  receive: receiveDelta,
  read(message) {
    const type = servedType(message.typeUrl);
    if (type === undefined) return undefined;
    const initial = Object.entries(message.initialResourceVersions);
    const { resourceNamesSubscribe: subscribe, resourceNamesUnsubscribe: unsubscribe } = message;
    const excess = excessOf([...subscribe, ...unsubscribe, ...initial.map(([name]) => name)]);
    if (excess !== undefined) return excess;
    return {
      type,
      subscribe,
      unsubscribe,
      initialVersions: new Map(initial),
      nonce: message.responseNonce,
      error: errorOf(message.errorDetail),
    };
  },
  write: (push) =>
    create(DeltaDiscoveryResponseSchema, {
      typeUrl: push.type,
      nonce: push.nonce,
      systemVersionInfo: String(push.generation),
      resources: push.resources.map(({ name, version, bytes }) => ({
        name,
        version,
        resource: { typeUrl: push.type, value: bytes },
      })),
      removedResources: [...push.removed],
    }),
};

export const SOTW_WIRE: WireVariant<DiscoveryRequest, SotwRequest, DiscoveryResponse> = {
  name: 'state-of-the-world',
  composer: SOTW,
  receive: receiveSotw,
  read(message) {
    const type = servedType(message.typeUrl);
    if (type === undefined) return undefined;
    const excess = excessOf(message.resourceNames);
    if (excess !== undefined) return excess;
    const error = errorOf(message.errorDetail);
    return { type, names: message.resourceNames, nonce: message.responseNonce, error };
  },
  write: (push) =>
    create(DiscoveryResponseSchema, {
      typeUrl: push.type,
      nonce: push.nonce,
      versionInfo: String(push.generation),
      resources: push.resources.map(({ bytes }) => ({ typeUrl: push.type, value: bytes })),
    }),
};

function servedType(typeUrl: string): ResourceType | undefined {
  return RESOURCE_TYPES.find((type) => type === typeUrl);
}

function excessOf(names: readonly string[]): string | undefined {
  if (names.length > MAX_NAMES) return `more than ${MAX_NAMES} names in one request`;
  const long = names.some((name) => name.length > MAX_NAME_LENGTH);
  return long ? `a name of more than ${MAX_NAME_LENGTH} characters` : undefined;
}

function errorOf(detail: Status | undefined): string | undefined {
  return detail && (detail.message.slice(0, MAX_ERROR_LENGTH) || `code ${detail.code}`);
}
