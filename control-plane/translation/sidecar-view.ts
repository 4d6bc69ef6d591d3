import { VIRTUAL_INBOUND } from '#api/xds/names.ts';
import type { SidecarNode } from '#api/xds/node-metadata.ts';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  type ResourceType,
  ROUTE_TYPE,
} from '#api/xds/resource-types.ts';
import type { Encoded } from './encoded.ts';
import { clientIn, clientOf, type MeshClient } from './model/client.ts';
import { type Reader, sidecarReader } from './routes/reader.ts';
import type { View } from './view.ts';
import type { World } from './world.ts';

/** What a sidecar may ask for: the mesh, its namespace's short names, and its own pod's inbound side. */
export function sidecarView(world: World, node: Pick<SidecarNode, 'pod' | 'namespace'>): View {
  const podKey = `${node.namespace}/${node.pod}`;
  world.inbound.retain(podKey);
  const client = followClient(world, podKey, node.namespace);
  const reader = () => sidecarReader(node.namespace, client().labels);
  const ownClusters = () => world.inbound.get(podKey).clusters;
  return {
    get(type, name) {
      switch (type) {
        case CLUSTER_TYPE:
          return (
            world.outbound.get(type, name, client()) ?? ownClusters().find((cluster) => cluster.name === name)
          );
        case ENDPOINT_TYPE:
          return world.outbound.get(type, name, client());
        case LISTENER_TYPE:
          return name === VIRTUAL_INBOUND
            ? world.inbound.get(podKey).listener
            : world.listeners.get(name, reader());
        case ROUTE_TYPE:
          return routes(world, name, reader());
      }
    },
    names(type) {
      switch (type) {
        case CLUSTER_TYPE:
          return [...world.outbound.names(type, client()), ...ownClusters().map(({ name }) => name)];
        case ENDPOINT_TYPE:
          return world.outbound.names(type, client());
        case LISTENER_TYPE:
          return [...world.listeners.names(), VIRTUAL_INBOUND];
        case ROUTE_TYPE:
          return [...world.detectedRoutes.names(), ...world.portRoutes.ports().map(String)];
      }
    },
    changed(type: ResourceType, change) {
      const own = change.inbound.get(podKey);
      const touched = change.clients.has(podKey)
        ? change.shared[type].union(personal(world, type))
        : change.shared[type];
      if (own === undefined) return touched;
      if (type === CLUSTER_TYPE) return touched.union(own);
      return type === LISTENER_TYPE ? [...touched, VIRTUAL_INBOUND] : touched;
    },
    release: () => world.inbound.release(podKey),
  };
}

/** A pod that was deleted stays who it was: its sidecar is draining. */
function followClient(world: World, podKey: string, namespace: string): () => MeshClient {
  let known = clientIn(namespace);
  return () => {
    known = clientOf(podKey, world.inputs) ?? known;
    return known;
  };
}

/** Names of what a pod's labels and place may make different. */
function personal(world: World, type: ResourceType): Set<string> {
  switch (type) {
    case CLUSTER_TYPE:
    case ENDPOINT_TYPE:
      return new Set(world.outbound.dependentNames());
    case LISTENER_TYPE:
      return new Set(world.listeners.names());
    case ROUTE_TYPE:
      return new Set([...world.detectedRoutes.names(), ...world.portRoutes.ports().map(String)]);
  }
}

function routes(world: World, name: string, reader: Reader): Encoded | undefined {
  return /^\d{1,5}$/.test(name)
    ? world.portRoutes.get(Number(name), reader)
    : world.detectedRoutes.get(name, reader);
}
