import { fromBinary, type JsonObject, type JsonValue, toJson } from '@bufbuild/protobuf';
import { kindFor } from '#api/kinds/all.ts';
import type { KubeObject } from '#api/kinds/meta.ts';
import { validate } from '#api/kinds/validate.ts';
import { ClusterSchema } from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from '#api/xds/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { ListenerSchema } from '#api/xds/gen/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from '#api/xds/gen/envoy/config/route/v3/route_pb.js';
import { XDS_REGISTRY } from '#api/xds/registry.ts';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  type ResourceType,
  ROUTE_TYPE,
} from '#api/xds/resource-types.ts';
import { gatewayView } from '../gateway/gateway-view.ts';
import type { InputChange } from '../model/inputs.ts';
import { proxylessView } from '../proxyless-view.ts';
import { sidecarView } from '../sidecar-view.ts';
import type { View } from '../view.ts';
import { World } from '../world.ts';

/** What a `.in.yaml` file says. */
export interface Case {
  readonly sidecar?: string;
  readonly gateway?: string;
  readonly proxyless?: string;
  readonly listeners?: readonly string[];
  /** Where the mesh's own trace viewer takes spans in. */
  readonly traces?: { readonly address: string; readonly port: number };
  readonly objects: readonly unknown[];
}

const SCHEMAS = {
  [LISTENER_TYPE]: ListenerSchema,
  [ROUTE_TYPE]: RouteConfigurationSchema,
  [CLUSTER_TYPE]: ClusterSchema,
  [ENDPOINT_TYPE]: ClusterLoadAssignmentSchema,
};

/** Validates a manifest and gives it what the API server would. Objects are as old as their place in the list. */
export function inputOf(manifest: unknown, age: number): InputChange {
  const { apiVersion, kind } = manifest as KubeObject;
  const verdict = validate(kindFor(apiVersion, kind)!, manifest);
  if (!verdict.ok) throw new Error(`${kind}: ${JSON.stringify(verdict.mistakes)}`);
  const object = verdict.object as KubeObject;
  object.metadata = {
    namespace: 'default',
    uid: `uid-${age}`,
    resourceVersion: String(age + 1),
    creationTimestamp: new Date(age * 1000).toISOString(),
    ...object.metadata,
  };
  const key = `${object.metadata.namespace}/${object.metadata.name}`;
  return { kind: object.kind, key, object } as unknown as InputChange;
}

export function newWorld(traces?: Case['traces']): World {
  return new World({ clusterDomain: 'cluster.local', clusterId: 'weft', traces });
}

/** Everything that the case's proxy gets, decoded from the bytes that would travel. */
export function outcomeOf(input: Case): JsonObject {
  const world = newWorld(input.traces);
  const { diagnoses } = world.apply(input.objects.map(inputOf));
  const view = viewOf(world, input);
  const listeners = read(view, LISTENER_TYPE, input.listeners ?? view.names(LISTENER_TYPE));
  const routes = read(view, ROUTE_TYPE, namesIn(listeners, 'routeConfigName'));
  const clusterNames = input.proxyless === undefined ? view.names(CLUSTER_TYPE) : clustersIn(routes);
  const clusters = read(view, CLUSTER_TYPE, clusterNames);
  const eds = clusters.filter((cluster) => (cluster as JsonObject)['type'] === 'EDS');
  const endpoints = read(
    view,
    ENDPOINT_TYPE,
    eds.map((cluster) => String((cluster as JsonObject)['name'])),
  );
  const problems = diagnoses.flatMap(({ kind, key, findings }) =>
    findings.map(({ reason, message }) => ({ rule: `${kind} ${key}`, reason, message })),
  );
  return { listeners, routes, clusters, endpoints, problems };
}

function viewOf(world: World, { sidecar, gateway, proxyless }: Case): View {
  if (gateway !== undefined) return gatewayView(world, nodeOf(gateway));
  if (sidecar === undefined) return proxylessView(world, proxyless ?? 'default');
  return sidecarView(world, nodeOf(sidecar));
}

function nodeOf(text: string): { pod: string; namespace: string } {
  const [pod = '', namespace = ''] = text.split('.');
  return { pod, namespace };
}

function read(view: View, type: ResourceType, names: Iterable<string>): JsonObject[] {
  return [...new Set(names)].sort().flatMap((name) => {
    const resource = view.get(type, name);
    if (resource === undefined) return [];
    const message = fromBinary(SCHEMAS[type] as typeof ListenerSchema, resource.bytes);
    return [
      toJson(SCHEMAS[type] as typeof ListenerSchema, message, { registry: XDS_REGISTRY }) as JsonObject,
    ];
  });
}

/** Every value of a member called `key`, at any depth. */
function namesIn(value: JsonValue, key: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => namesIn(item, key));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === key && typeof member === 'string' ? [member] : namesIn(member, key),
  );
}

function clustersIn(routes: JsonValue): string[] {
  return [...namesIn(routes, 'cluster'), ...namesIn(routes, 'name')].filter((name) => name.includes('|'));
}
