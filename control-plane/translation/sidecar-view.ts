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
import type { View } from './view.ts';
import type { World } from './world.ts';

/** What a sidecar may ask for: the mesh, its namespace's short names, and its own pod's inbound side. */
export function sidecarView(world: World, node: Pick<SidecarNode, 'pod' | 'namespace'>): View {
  const podKey = `${node.namespace}/${node.pod}`;
  world.inbound.retain(podKey);
  const ownClusters = () => world.inbound.get(podKey).clusters;
  return {
    get(type, name) {
      switch (type) {
        case CLUSTER_TYPE:
          return world.clusters.get(name) ?? ownClusters().find((cluster) => cluster.name === name);
        case ENDPOINT_TYPE:
          return world.endpoints.get(name);
        case LISTENER_TYPE:
          return name === VIRTUAL_INBOUND ? world.inbound.get(podKey).listener : world.listeners.get(name);
        case ROUTE_TYPE:
          return routes(world, name, node.namespace);
      }
    },
    names(type) {
      switch (type) {
        case CLUSTER_TYPE:
          return [...world.clusters.names(), ...ownClusters().map(({ name }) => name)];
        case ENDPOINT_TYPE:
          return world.endpoints.names();
        case LISTENER_TYPE:
          return [...world.listeners.names(), VIRTUAL_INBOUND];
        case ROUTE_TYPE:
          return [...world.detectedRoutes.names(), ...world.portRoutes.ports().map(String)];
      }
    },
    changed(type: ResourceType, change) {
      const own = change.inbound.get(podKey);
      const shared = change.shared[type];
      if (own === undefined) return shared;
      if (type === CLUSTER_TYPE) return shared.union(own);
      return type === LISTENER_TYPE ? [...shared, VIRTUAL_INBOUND] : shared;
    },
    release: () => world.inbound.release(podKey),
  };
}

function routes(world: World, name: string, namespace: string): Encoded | undefined {
  return /^\d{1,5}$/.test(name)
    ? world.portRoutes.get(Number(name), namespace)
    : world.detectedRoutes.get(name);
}
