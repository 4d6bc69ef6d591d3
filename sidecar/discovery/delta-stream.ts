/**
 * One delta ADS stream as the client sees it: which requests to send. Pure; the transport carries them.
 *
 *   client                                              server
 *     │ subscribe LDS *, CDS *, initial versions          │   node in the first request only
 *     │ ────────────────────────────────────────────────▶ │
 *     │                        CDS resources, nonce n1    │
 *     │ ◀──────────────────────────────────────────────── │
 *     │ ACK n1  (or NACK n1 with every reason)            │
 *     │ ────────────────────────────────────────────────▶ │
 *     │ subscribe EDS a, b                                │   what the clusters just named
 *     │ ────────────────────────────────────────────────▶ │
 *
 * Each type is a stream of its own within the stream: own nonces, own subscriptions.
 */
import { create } from '@bufbuild/protobuf';
import type { Node } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
} from '#api/xds/gen/envoy/service/discovery/v3/discovery_pb.js';
import { type Status, StatusSchema } from '#api/xds/gen/google/rpc/status_pb.js';
import { CLUSTER_TYPE, LISTENER_TYPE, type ResourceType } from '#api/xds/resource-types.ts';

/** Types of which everything is wanted. */
const WILDCARD_TYPES: readonly ResourceType[] = [CLUSTER_TYPE, LISTENER_TYPE];

/** google.rpc.Code.INVALID_ARGUMENT, as Envoy's NACKs carry it. */
const INVALID_ARGUMENT = 3;
/** An `error_detail` longer than this helps nobody. */
const MAX_DETAIL_LENGTH = 16_384;

/** Name and version of each resource that runs, by type. */
export type Versions = (type: ResourceType) => Readonly<Record<string, string>>;

export class DeltaStream {
  readonly #node: Node;
  readonly #versions: Versions;
  readonly #subscribed = new Map<ResourceType, Set<string>>();
  #greeted = false;

  constructor(node: Node, versions: Versions) {
    this.#node = node;
    this.#versions = versions;
  }

  /** The first requests: everything of the wildcard types. */
  open(): DeltaDiscoveryRequest[] {
    return WILDCARD_TYPES.map((type) => this.#first(type, ['*']));
  }

  /** Asks for the names that are new, gives up those that are not wanted any more; undefined when nothing changed. */
  subscribe(type: ResourceType, wanted: ReadonlySet<string>): DeltaDiscoveryRequest | undefined {
    const known = this.#subscribed.get(type);
    if (known === undefined) {
      if (wanted.size === 0) return undefined;
      this.#subscribed.set(type, new Set(wanted));
      return this.#first(type, [...wanted]);
    }
    const added = [...wanted].filter((name) => !known.has(name));
    const dropped = [...known].filter((name) => !wanted.has(name));
    if (added.length === 0 && dropped.length === 0) return undefined;
    this.#subscribed.set(type, new Set(wanted));
    return this.#request(type, { resourceNamesSubscribe: added, resourceNamesUnsubscribe: dropped });
  }

  /** The answer to a response: an ACK, or a NACK when there are reasons. */
  answer(typeUrl: string, nonce: string, reasons: readonly string[]): DeltaDiscoveryRequest {
    const detail = reasons.length === 0 ? {} : { errorDetail: statusOf(reasons) };
    return this.#request(typeUrl, { responseNonce: nonce, ...detail });
  }

  #first(type: ResourceType, names: string[]): DeltaDiscoveryRequest {
    return this.#request(type, {
      resourceNamesSubscribe: names,
      initialResourceVersions: { ...this.#versions(type) },
    });
  }

  #request(typeUrl: string, fields: RequestFields): DeltaDiscoveryRequest {
    const node = this.#greeted ? {} : { node: this.#node };
    this.#greeted = true;
    return create(DeltaDiscoveryRequestSchema, { typeUrl, ...node, ...fields });
  }
}

interface RequestFields {
  resourceNamesSubscribe?: string[];
  resourceNamesUnsubscribe?: string[];
  initialResourceVersions?: Record<string, string>;
  responseNonce?: string;
  errorDetail?: Status;
}

function statusOf(reasons: readonly string[]): Status {
  const message = reasons.join('\n').slice(0, MAX_DETAIL_LENGTH);
  return create(StatusSchema, { code: INVALID_ARGUMENT, message });
}
