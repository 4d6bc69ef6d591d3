/**
 * Which rules a resource was made from, as its own metadata says (Istio's `istio.config`): read from the bytes that a
 * proxy refused, and narrowed by the places that it named.
 */
import { fromBinary } from '@bufbuild/protobuf';
import type { Metadata } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import type { FilterChain } from '#api/xds/gen/envoy/config/listener/v3/listener_components_pb.js';
import { ListenerSchema } from '#api/xds/gen/envoy/config/listener/v3/listener_pb.js';
import type { Route } from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '#api/xds/gen/envoy/config/route/v3/route_pb.js';
import type { ObjectRef } from './object-ref.ts';

/** `/apis/GROUP/VERSION/namespaces/NAMESPACE/KIND/NAME`. */
const CONFIG = /^\/apis\/[^/]+\/[^/]+\/namespaces\/([^/]+)\/(virtual-service|gateway)\/([^/]+)$/;
const KINDS = { 'virtual-service': 'VirtualService', gateway: 'Gateway' } as const;

const VIRTUAL_HOST = /virtual_hosts\[(\d+)\](?:\.routes\[(\d+)\])?/g;
const FILTER_CHAIN = /default_filter_chain|filter_chains\[(\d+)\]/g;

export interface Written {
  readonly objects: readonly ObjectRef[];
  /** Where the places that were named lead, when no rule wrote them. */
  readonly clusters: readonly string[];
}

/** The rules behind the named routes, else behind all of the configuration. */
export function routesWrittenIn(bytes: Uint8Array, reason: string): Written {
  const { virtualHosts } = fromBinary(RouteConfigurationSchema, bytes);
  const named = [...reason.matchAll(VIRTUAL_HOST)].flatMap(([, host, route]) => {
    const { routes = [] } = virtualHosts[Number(host)] ?? {};
    return route === undefined ? routes : (routes[Number(route)] ?? []);
  });
  const all = named.length > 0 ? named : virtualHosts.flatMap(({ routes }) => routes);
  const unwritten = named.filter(({ metadata }) => refOf(metadata) === undefined);
  return { objects: refsOf(all), clusters: [...new Set(unwritten.flatMap(clustersOf))] };
}

/** The rules behind the named filter chains, else behind all of the listener. */
export function chainsWrittenIn(bytes: Uint8Array, reason: string): readonly ObjectRef[] {
  const { filterChains, defaultFilterChain } = fromBinary(ListenerSchema, bytes);
  const rest = defaultFilterChain === undefined ? [] : [defaultFilterChain];
  const named = [...reason.matchAll(FILTER_CHAIN)].flatMap(([, chain]): FilterChain[] => {
    if (chain === undefined) return rest;
    const found = filterChains[Number(chain)];
    return found === undefined ? [] : [found];
  });
  return refsOf(named.length > 0 ? named : [...filterChains, ...rest]);
}

function refsOf(parts: readonly { readonly metadata?: Metadata | undefined }[]): ObjectRef[] {
  return parts.flatMap(({ metadata }) => refOf(metadata) ?? []);
}

function refOf(metadata: Metadata | undefined): ObjectRef | undefined {
  const config = metadata?.filterMetadata['istio']?.['config'];
  const [, namespace, kind, name] = (typeof config === 'string' && CONFIG.exec(config)) || [];
  if (kind === undefined) return undefined;
  return { kind: KINDS[kind as keyof typeof KINDS], key: `${namespace}/${name}` };
}

function clustersOf({ action }: Route): string[] {
  if (action.case !== 'route') return [];
  const { case: how, value } = action.value.clusterSpecifier;
  if (how === 'cluster') return [value];
  return how === 'weightedClusters' ? value.clusters.map(({ name }) => name) : [];
}
