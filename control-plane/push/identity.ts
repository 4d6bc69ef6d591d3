import type { Node } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import { parseSidecarNodeId } from '#api/xds/node-metadata.ts';
import { gatewayView } from '#control-plane/translation/gateway/gateway-view.ts';
import { proxylessView } from '#control-plane/translation/proxyless-view.ts';
import { sidecarView } from '#control-plane/translation/sidecar-view.ts';
import type { Envoy } from '#control-plane/translation/telemetry/envoys.ts';
import { STATS_FILTER } from '#control-plane/translation/telemetry/stats-message.ts';
import type { View } from '#control-plane/translation/view.ts';
import type { World } from '#control-plane/translation/world.ts';

/** `proxyless`: a gRPC client without a sidecar. */
export type ProxyKind = 'sidecar' | 'gateway' | 'proxyless';

/** Who is asking. */
export interface Identity {
  /** `POD.NAMESPACE` of a sidecar, else the node id as given. */
  readonly proxy: string;
  readonly kind: ProxyKind;
  readonly namespace: string;
  readonly pod: string;
  /** May be given credentials. */
  readonly trusted: boolean;
  /** What it is, where it is no proxy of weft's. */
  readonly envoy?: Envoy | undefined;
}

/** Node ids are names, not documents. */
const MAX_ID_LENGTH = 1024;

/**
 * Over the `socket` come the proxies of this machine's pods: nobody else sees it. On `loopback` everybody of the machine
 * can say to be anybody, so that nothing secret goes there, and no gateway is served.
 */
export type Transport = 'socket' | 'loopback';

/** Undefined for a node that does not say who it is, or that may not be it. */
export function identify(node: Node | undefined, transport: Transport): Identity | undefined {
  const id = node?.id ?? '';
  if (id === '' || id.length > MAX_ID_LENGTH) return undefined;
  const sidecar = parseSidecarNodeId(id);
  if (sidecar !== undefined) {
    const { pod, namespace, role } = sidecar;
    const kind = role === 'router' ? 'gateway' : 'sidecar';
    if (kind === 'gateway' && transport === 'loopback') return undefined;
    return {
      proxy: `${pod}.${namespace}`,
      kind,
      namespace,
      pod,
      trusted: transport === 'socket',
      envoy: envoyOf(node),
    };
  }
  const namespace = node?.metadata?.['NAMESPACE'];
  return {
    proxy: id,
    kind: 'proxyless',
    namespace: typeof namespace === 'string' ? namespace : 'default',
    pod: '',
    trusted: false,
  };
}

/** Envoy's builds name themselves so; they list the extensions that they were built with. */
function envoyOf(node: Node | undefined): Envoy | undefined {
  if (node?.userAgentName !== 'envoy') return undefined;
  return { countsAsIstio: node.extensions.some(({ name }) => name === STATS_FILTER) };
}

/** What this proxy may ask for. */
export function viewFor(world: World, identity: Identity): View {
  switch (identity.kind) {
    case 'sidecar':
      return sidecarView(world, identity, identity.trusted);
    case 'gateway':
      return gatewayView(world, identity);
    case 'proxyless':
      return proxylessView(world, identity.namespace);
  }
}
