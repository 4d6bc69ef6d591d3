/**
 * Who reads routes. Some of a VirtualService's conditions are about the reader and not about its requests: they are
 * decided here and never travel.
 */
import type { Stored } from '#api/kinds/meta.ts';
import { carries, type Labels } from '#api/kinds/selectors.ts';
import type { HttpMatch, L4Match, VirtualService } from '#api/kinds/virtual-service.ts';
import { isExported } from '../model/export-to.ts';

export interface Reader {
  /** A gRPC client without a sidecar knows fewer fields. */
  readonly kind: 'proxy' | 'proxyless';
  readonly namespace: string;
  readonly labels: Labels;
  /** `mesh` for a sidecar; for a gateway the Gateways that it serves, as `NAMESPACE/NAME`. */
  readonly gateways: ReadonlySet<string>;
  /** Its requests come over TLS, which it terminates. */
  readonly secure: boolean;
}

/** Istio's name for every sidecar. */
export const MESH = 'mesh';
const MESH_ONLY: ReadonlySet<string> = new Set([MESH]);

export function sidecarReader(namespace: string, labels: Labels): Reader {
  return { kind: 'proxy', namespace, labels, gateways: MESH_ONLY, secure: false };
}

export function proxylessReader(namespace: string): Reader {
  return { ...sidecarReader(namespace, {}), kind: 'proxyless' };
}

/** `NAMESPACE/NAME` of a Gateway that a rule of `namespace` names, or `mesh`. */
export function gatewayKey(name: string, namespace: string): string {
  if (name === MESH) return MESH;
  if (name.includes('/')) return name.startsWith('./') ? `${namespace}/${name.slice(2)}` : name;
  const [first = '', second] = name.split('.');
  return second === undefined ? `${namespace}/${name}` : `${second}/${first}`;
}

/** Whether a rule speaks to the reader at all: bound to what it serves, and exported to its namespace. */
export function isAddressedTo(
  rule: Stored<VirtualService>,
  gateways: readonly string[],
  reader: Reader,
): boolean {
  const { namespace = 'default' } = rule.metadata;
  return (
    gateways.some((gateway) => reader.gateways.has(gateway)) &&
    isExported(rule.spec.exportTo, namespace, reader.namespace)
  );
}

/** Istio: gateways that an HTTP match names stand in place of its source conditions. */
export function isHttpMatchFor(match: HttpMatch, port: number, reader: Reader): boolean {
  if (match.port !== undefined && match.port !== port) return false;
  return (match.gateways ?? []).length > 0 ? servesOneOf(match, reader) : comesFrom(match, reader);
}

/** Istio: for TCP and TLS all of them must hold. */
export function isL4MatchFor(match: L4Match, port: number, reader: Reader): boolean {
  if (match.port !== undefined && match.port !== port) return false;
  return ((match.gateways ?? []).length === 0 || servesOneOf(match, reader)) && comesFrom(match, reader);
}

type SourceMatch = Pick<HttpMatch, 'gateways' | 'sourceLabels' | 'sourceNamespace'>;

function servesOneOf({ gateways = [] }: SourceMatch, reader: Reader): boolean {
  return gateways.some((gateway) => reader.gateways.has(gateway));
}

function comesFrom({ sourceLabels = {}, sourceNamespace = '' }: SourceMatch, reader: Reader): boolean {
  return carries(reader.labels, sourceLabels) && ['', reader.namespace].includes(sourceNamespace);
}
