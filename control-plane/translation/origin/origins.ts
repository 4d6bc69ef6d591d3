/**
 * From a resource that a proxy refused back to the objects that it was made from, so that it can be said where people
 * look. What a resource says of itself counts first; the rest follows from its name.
 */
import { parseClusterName, VIRTUAL_OUTBOUND } from '#api/xds/names.ts';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  type ResourceType,
  ROUTE_TYPE,
} from '#api/xds/resource-types.ts';
import { clientIn, clientOf, type MeshClient } from '../model/client.ts';
import { keyOf } from '../model/host-match.ts';
import { meshRulesFor } from '../routes/rules-for-host.ts';
import { sidecarFor } from '../scope/sidecar-scope.ts';
import { telemetryFor } from '../telemetry/in-force.ts';
import type { World } from '../world.ts';
import { type ObjectRef, refId } from './object-ref.ts';
import { chainsWrittenIn, routesWrittenIn } from './written-in.ts';

/** A port's routes may come from every rule of the mesh: more than this tells nobody anything. */
const MAX_OBJECTS = 100;

export interface RefusedResource {
  readonly type: ResourceType;
  readonly name: string;
  /** The version that was refused. */
  readonly bytes: Uint8Array;
  /** The proxy's words; those of the house name places inside the resource. */
  readonly reason: string;
}

/** The proxy that refused it. */
export interface Refuser {
  readonly namespace: string;
  /** '' for a client without one. */
  readonly pod: string;
  readonly gateway: boolean;
}

/** Each object once; none for what is made from the proxy's own pod. */
export function originsOf(refused: RefusedResource, by: Refuser, world: World): ObjectRef[] {
  const objects = new Map(objectsBehind(refused, by, world).map((ref) => [refId(ref), ref]));
  return [...objects.values()].slice(0, MAX_OBJECTS);
}

function objectsBehind(refused: RefusedResource, by: Refuser, world: World): ObjectRef[] {
  switch (refused.type) {
    case CLUSTER_TYPE:
    case ENDPOINT_TYPE:
      return behindCluster(refused.name, by, world);
    case LISTENER_TYPE:
      return observersNamed(refused.reason)
        ? telemetriesOf(by, world)
        : by.gateway
          ? behindDoor(refused, by, world)
          : behindListener(refused, by, world);
    case ROUTE_TYPE:
      return behindRoutes(refused, by, world);
  }
}

/** The DestinationRules in force for the refuser, and the ServiceEntry that the host comes from. */
function behindCluster(name: string, by: Refuser, world: World): ObjectRef[] {
  const parsed = parseClusterName(name);
  if (parsed?.direction !== 'outbound') return [];
  const { sources } = world.trafficRules(parsed.host, clientBehind(by, world));
  return [
    ...sources.map((key): ObjectRef => ({ kind: 'DestinationRule', key })),
    ...entryOf(parsed.host, world),
  ];
}

function behindRoutes({ name, bytes, reason }: RefusedResource, by: Refuser, world: World): ObjectRef[] {
  const { objects, clusters } = routesWrittenIn(bytes, reason);
  const found = [...objects, ...clusters.flatMap((cluster) => behindCluster(cluster, by, world))];
  return found.length === 0 && by.gateway ? gatewaysOf(name, by, world) : found;
}

/** A gateway's own listener: the Gateways that ask for the port, and the rules whose connections it tells apart. */
function behindDoor({ name, bytes, reason }: RefusedResource, by: Refuser, world: World): ObjectRef[] {
  const written = chainsWrittenIn(bytes, reason);
  const asking = written.some(({ kind }) => kind === 'Gateway') ? [] : gatewaysOf(name, by, world);
  return [...asking, ...written];
}

function gatewaysOf(resource: string, { namespace, pod }: Refuser, world: World): ObjectRef[] {
  const keys = world.gateways.get(`${namespace}/${pod}`).gateways.get(resource) ?? [];
  return keys.map((key) => ({ kind: 'Gateway', key }));
}

function behindListener({ name, bytes, reason }: RefusedResource, by: Refuser, world: World): ObjectRef[] {
  if (name === VIRTUAL_OUTBOUND) return sidecarOf(by, world);
  const written = chainsWrittenIn(bytes, reason);
  const host = world.listeners.ownersOf(name)[0] ?? '';
  if (!world.inputs.services.has(host)) return [...written];
  const rules = written.length > 0 ? written : rulesOf(host, world);
  return [...rules, ...entryOf(host, world)];
}

function rulesOf(host: string, world: World): ObjectRef[] {
  return meshRulesFor(host, world.inputs).map(({ rule }) => ({ kind: 'VirtualService', key: keyOf(rule) }));
}

function entryOf(host: string, world: World): ObjectRef[] {
  const service = world.inputs.services.get(host);
  if (service?.source !== 'ServiceEntry') return [];
  return [{ kind: 'ServiceEntry', key: `${service.namespace}/${service.name}` }];
}

function sidecarOf(by: Refuser, world: World): ObjectRef[] {
  const { sidecars, destinationRules } = world.inputs;
  const inForce = sidecarFor(clientBehind(by, world), sidecars.values(), destinationRules.rootNamespace);
  return inForce === undefined ? [] : [{ kind: 'Sidecar', key: keyOf(inForce) }];
}

/** Places in a listener that say how its traffic is seen. */
function observersNamed(reason: string): boolean {
  return /(?:^|[.\s:])(?:tracing|access_log|istio\.stats)\b/.test(reason);
}

function telemetriesOf(by: Refuser, world: World): ObjectRef[] {
  const { telemetries, rootNamespace } = world.inputs;
  return telemetryFor(clientBehind(by, world), telemetries.values(), rootNamespace).map((telemetry) => ({
    kind: 'Telemetry',
    key: keyOf(telemetry),
  }));
}

function clientBehind({ namespace, pod }: Refuser, world: World): MeshClient {
  return clientOf(`${namespace}/${pod}`, world.inputs, true) ?? clientIn(namespace);
}
