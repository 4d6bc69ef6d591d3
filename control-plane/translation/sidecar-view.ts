import { VIRTUAL_INBOUND, VIRTUAL_OUTBOUND } from '#api/xds/names.ts';
import type { SidecarNode } from '#api/xds/node-metadata.ts';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  RESOURCE_TYPES,
  type ResourceType,
  ROUTE_TYPE,
} from '#api/xds/resource-types.ts';
import type { Encoded } from './encoded.ts';
import { CLOSED_OUTBOUND_LISTENER, httpListenerName } from './listeners/outbound-listeners.ts';
import { clientIn, clientOf, type MeshClient } from './model/client.ts';
import { type Reader, sidecarReader } from './routes/reader.ts';
import { followScope, type ProxyScope, WHOLE_MESH } from './scope/proxy-scope.ts';
import type { Envoy } from './telemetry/envoys.ts';
import { followObservation, type Observation } from './telemetry/observations.ts';
import type { View } from './view.ts';
import type { World, WorldChange } from './world.ts';

/** How the names of clusters begin that are of the mesh's services: `outbound|PORT|SUBSET|HOST`. */
const OUTBOUND = 'outbound|';

/** Whose proxy asks, and what it is where it is none of weft's. */
export type ProxyNode = Pick<SidecarNode, 'pod' | 'namespace'> & { readonly envoy?: Envoy | undefined };

/** What a sidecar may ask for: the mesh, its namespace's short names, and its own pod's inbound side. */
export function sidecarView(world: World, node: ProxyNode, trusted = true, gateway = false): View {
  const podKey = `${node.namespace}/${node.pod}`;
  world.inbound.retain(podKey);
  const client = followClient(world, podKey, node.namespace, trusted);
  const reader = () => sidecarReader(node.namespace, client().labels);
  const scope = followScope(world.inputs, client);
  const observation = followObservation(world.observations, () => world.inputs.pods.get(podKey), {
    gateway,
    trusted,
    envoy: node.envoy,
  });
  const observed = new Map(RESOURCE_TYPES.map((type) => [type, observation()]));
  const sees = (name: string, seen = scope(), { clusters } = observation()) =>
    seesCluster(seen, name) || clusters.has(name);
  const told = new Map<ResourceType, string>(RESOURCE_TYPES.map((type) => [type, scope().id]));
  const ownClusters = () => world.inbound.get(podKey).clusters;
  return {
    get(type, name) {
      switch (type) {
        case CLUSTER_TYPE:
          return sees(name)
            ? (world.outbound.get(type, name, client()) ??
                ownClusters().find((cluster) => cluster.name === name))
            : undefined;
        case ENDPOINT_TYPE:
          return sees(name) ? world.outbound.get(type, name, client()) : undefined;
        case LISTENER_TYPE: {
          if (name === VIRTUAL_INBOUND)
            return observation().lay(world.inbound.get(podKey).listener, 'SERVER');
          const found =
            name === VIRTUAL_OUTBOUND && !scope().allowAny
              ? CLOSED_OUTBOUND_LISTENER
              : listener(world, name, reader(), scope());
          return found && observation().lay(found, 'CLIENT');
        }
        case ROUTE_TYPE:
          return routes(world, name, reader(), scope());
      }
    },
    names(type) {
      const seen = scope();
      switch (type) {
        case CLUSTER_TYPE:
        case ENDPOINT_TYPE: {
          const watched = observation();
          const names = world.outbound.names(type, client()).filter((name) => sees(name, seen, watched));
          return type === CLUSTER_TYPE ? [...names, ...ownClusters().map(({ name }) => name)] : names;
        }
        case LISTENER_TYPE:
          return [...listenerNames(world, reader(), seen), VIRTUAL_INBOUND];
        case ROUTE_TYPE:
          return [...personal(world, type)].filter(
            (name) => routes(world, name, reader(), seen) !== undefined,
          );
      }
    },
    changed(type: ResourceType, change) {
      const own = change.inbound.get(podKey);
      const before = observed.get(type)!;
      observed.set(type, observation());
      const shared = (
        type === LISTENER_TYPE && scope() !== WHOLE_MESH ? withPorts(change) : change.shared[type]
      ).union(seenOtherwise(world, type, before, observation()));
      const moved = scope().id !== told.get(type);
      told.set(type, scope().id);
      const touched = moved
        ? shared.union(allNames(world, type, client()))
        : change.clients.has(podKey)
          ? shared.union(personal(world, type))
          : shared;
      if (own === undefined) return touched;
      if (type === CLUSTER_TYPE) return touched.union(own);
      return type === LISTENER_TYPE ? [...touched, VIRTUAL_INBOUND] : touched;
    },
    release: () => world.inbound.release(podKey),
  };
}

/** A pod that was deleted stays who it was: its sidecar is draining. */
function followClient(world: World, podKey: string, namespace: string, trusted: boolean): () => MeshClient {
  let known = clientIn(namespace);
  return () => {
    known = clientOf(podKey, world.inputs, trusted) ?? known;
    return known;
  };
}

/**
 * Who sees a part of the mesh may see the first service of a port come, or the last one go, when the port's listener is
 * the same as ever for all others.
 */
function withPorts({ shared }: WorldChange): Set<string> {
  const ports = [...shared[ROUTE_TYPE]].filter((name) => /^\d+$/.test(name)).map(Number);
  return shared[LISTENER_TYPE].union(new Set(ports.map(httpListenerName)));
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

/** Names of what is different for a workload whose traffic is seen in another way now. */
function seenOtherwise(world: World, type: ResourceType, before: Observation, now: Observation): Set<string> {
  if (before.key === now.key) return new Set();
  if (type === LISTENER_TYPE) return new Set([...world.listeners.names(), VIRTUAL_INBOUND]);
  return type === ROUTE_TYPE ? new Set() : before.clusters.symmetricDifference(now.clusters);
}

/** Every name of a type, seen or not: another Sidecar is in force now. */
function allNames(world: World, type: ResourceType, client: MeshClient): Set<string> {
  if (type !== CLUSTER_TYPE && type !== ENDPOINT_TYPE) return personal(world, type);
  return new Set([...world.outbound.names(type, client), ...world.outbound.dependentNames()]);
}

function routes(world: World, name: string, reader: Reader, scope: ProxyScope): Encoded | undefined {
  if (/^\d{1,5}$/.test(name)) return world.portRoutes.get(Number(name), reader, scope);
  const colon = name.lastIndexOf(':');
  return scope.sees(name.slice(0, colon), Number(name.slice(colon + 1)))
    ? world.detectedRoutes.get(name, reader)
    : undefined;
}

function listener(world: World, name: string, reader: Reader, scope: ProxyScope): Encoded | undefined {
  if (scope === WHOLE_MESH) return world.listeners.get(name, reader);
  const port = Number(name.slice(name.lastIndexOf('_') + 1));
  if (!name.startsWith('0.0.0.0_'))
    return world.listeners.get(name, reader, (owner) => scope.sees(owner, port));
  return world.portListeners.for(port, world.portRoutes.isSeen(port, scope), scope)?.for(reader);
}

function seesCluster(scope: ProxyScope, name: string): boolean {
  if (scope === WHOLE_MESH) return true;
  if (!name.startsWith(OUTBOUND)) return true;
  const port = Number(name.slice(OUTBOUND.length, name.indexOf('|', OUTBOUND.length)));
  return scope.sees(name.slice(name.lastIndexOf('|') + 1), port);
}

function listenerNames(world: World, reader: Reader, scope: ProxyScope): string[] {
  return [...world.listeners.names()].filter((name) => listener(world, name, reader, scope) !== undefined);
}
