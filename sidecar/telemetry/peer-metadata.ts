/**
 * `x-envoy-peer-metadata`: who sent a request, from sidecar to sidecar, as Istio writes it (a base64
 * google.protobuf.Struct). Anybody can send the header, so what is read from it names series of metrics and nothing
 * else, is bounded in size, and is decoded once per value.
 */
import { fromBinary, fromJson, type JsonObject, toBinary, toJson } from '@bufbuild/protobuf';
import { StructSchema } from '@bufbuild/protobuf/wkt';
import type { Peer } from './telemetry.ts';
import { CANONICAL_NAME_LABELS, CANONICAL_REVISION_LABELS, workloadOf } from './workload-labels.ts';

/** Longer values are not looked at; Istio's own stay below 1 KiB. */
const MAX_HEADER_LENGTH = 4096;
/** Callers remembered at once. */
const MAX_REMEMBERED = 256;
/** Kubernetes' limits: of names of workloads, and of namespaces and of values of labels. */
const MAX_NAME_LENGTH = 253;
const MAX_LABEL_LENGTH = 63;

export interface OwnMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly workload: string;
  readonly cluster: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The header value that tells peers who this is. Only the labels that they read: it travels with every request. */
export function encodePeerMetadata(own: OwnMetadata): string {
  const told = new Set([...CANONICAL_NAME_LABELS, ...CANONICAL_REVISION_LABELS]);
  const struct = fromJson(StructSchema, {
    NAME: own.name,
    NAMESPACE: own.namespace,
    WORKLOAD_NAME: own.workload,
    CLUSTER_ID: own.cluster,
    LABELS: Object.fromEntries(Object.entries(own.labels).filter(([name]) => told.has(name))),
  });
  return Buffer.from(toBinary(StructSchema, struct)).toString('base64');
}

/** Decodes header values and remembers them. Undefined when a value cannot be read. */
export function createPeerDecoder(): (headerValue: string) => Peer | undefined {
  const remembered = new Map<string, Peer | undefined>();
  return (headerValue) => {
    if (headerValue.length > MAX_HEADER_LENGTH) return undefined;
    if (remembered.has(headerValue)) return remembered.get(headerValue);
    const peer = decode(headerValue);
    if (remembered.size >= MAX_REMEMBERED) remembered.delete(remembered.keys().next().value ?? '');
    remembered.set(headerValue, peer);
    return peer;
  };
}

function decode(headerValue: string): Peer | undefined {
  try {
    const json = toJson(StructSchema, fromBinary(StructSchema, Buffer.from(headerValue, 'base64')));
    return peerFrom(json as JsonObject);
  } catch {
    return undefined;
  }
}

function peerFrom(metadata: JsonObject): Peer | undefined {
  const workload = text(metadata['WORKLOAD_NAME'], MAX_NAME_LENGTH);
  const namespace = text(metadata['NAMESPACE']);
  if (workload === undefined || namespace === undefined) return undefined;
  return workloadOf({ workload, namespace, cluster: text(metadata['CLUSTER_ID']) ?? '' }, labelsOf(metadata));
}

function labelsOf({ LABELS: labels }: JsonObject): Record<string, string> {
  if (labels === null || typeof labels !== 'object' || Array.isArray(labels)) return {};
  const entries = Object.entries(labels).map(([name, value]) => [name, text(value)] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function text(value: unknown, longest = MAX_LABEL_LENGTH): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= longest ? value : undefined;
}
