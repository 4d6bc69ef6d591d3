/**
 * The EndpointSlices of a service: one group of slices for each set of port numbers that its pods have, at most 100
 * endpoints a slice. Names follow from service, ports and number, so that a restarted control plane finds its slices
 * again; an endpoint stays in its slice, so that one pod's change is one slice's change.
 */
import { type Endpoint, type EndpointSlice, SERVICE_NAME_LABEL } from '#api/kinds/endpoint-slice.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Node } from '#api/kinds/node.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { type Service, Service as ServiceKind } from '#api/kinds/service.ts';
import { controllerReference } from '../ownership/owner.ts';
import { canonical, same } from '../same.ts';
import { endpointOf, fixedPorts, isEndpoint, portsOn, type SlicePort } from './pod-endpoint.ts';
import { shortHash } from './short-hash.ts';

export interface SlicePlan {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly Stored<EndpointSlice>[];
  readonly remove: readonly Stored<EndpointSlice>[];
}

/** Says whose slices these are; other controllers' slices of the same service are left alone. */
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
export const MANAGER = 'endpointslice-controller.k8s.io';
const HEADLESS_LABEL = 'service.kubernetes.io/headless';

/** Kubernetes' default. */
const MAX_ENDPOINTS = 100;

interface Group {
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly Endpoint[];
}

/** `pods` are those that the selector selects; `existing` the slices that this controller made. */
export function planSlices(
  service: Stored<Service>,
  pods: readonly Stored<Pod>[],
  nodeNamed: (name: string) => Node | undefined,
  existing: readonly Stored<EndpointSlice>[],
): SlicePlan {
  const wanted = groupsOf(service, pods, nodeNamed).flatMap((group) => slicesOf(service, group, existing));
  const names = new Set(wanted.map((slice) => slice.metadata.name));
  const held = new Map(existing.map((slice) => [slice.metadata.name, slice]));
  return {
    create: wanted.filter((slice) => !held.has(slice.metadata.name ?? '')),
    update: wanted.flatMap((slice) => changed(slice, held.get(slice.metadata.name ?? ''))),
    remove: existing.filter((slice) => !names.has(slice.metadata.name)),
  };
}

/** Pods by the port numbers that they have; a service without pods shows the numbers that are known without them. */
function groupsOf(
  service: Stored<Service>,
  pods: readonly Stored<Pod>[],
  nodeNamed: (name: string) => Node | undefined,
): Group[] {
  const members = pods
    .filter(isEndpoint)
    .map((pod) => ({ pod, ports: portsOn(service, pod) }))
    .filter(({ ports }) => ports.length > 0 || (service.spec.ports ?? []).length === 0)
    .toSorted((a, b) => (a.pod.metadata.name < b.pod.metadata.name ? -1 : 1));
  if (members.length === 0) return [{ ports: fixedPorts(service), endpoints: [] }];
  return [...Map.groupBy(members, ({ ports }) => canonical(ports)).values()].map((group) => ({
    ports: group[0]?.ports ?? [],
    endpoints: group.map(({ pod }) => endpointOf(service, pod, nodeNamed(pod.spec.nodeName ?? ''))),
  }));
}

function slicesOf(
  service: Stored<Service>,
  group: Group,
  existing: readonly Stored<EndpointSlice>[],
): EndpointSlice[] {
  const name = (index: number): string => sliceName(service, group.ports, index);
  const heldBy = new Map<string, number>();
  const count = Math.max(1, Math.ceil(group.endpoints.length / MAX_ENDPOINTS), slicesInUse(existing, name));
  for (let index = 0; index < count; index += 1) {
    const slice = existing.find((held) => held.metadata.name === name(index));
    for (const endpoint of slice?.endpoints ?? []) heldBy.set(identity(endpoint), index);
  }
  const placed = place(group.endpoints, heldBy, count);
  return placed
    .map((endpoints, index) => sliceOf(service, name(index), group.ports, endpoints))
    .filter((slice, index) => index === 0 || slice.endpoints.length > 0);
}

/** How many slices of the group there are, gaps included. */
function slicesInUse(existing: readonly Stored<EndpointSlice>[], name: (index: number) => string): number {
  const names = new Set(existing.map((slice) => slice.metadata.name));
  let used = 0;
  for (let index = 0; index < names.size; index += 1) if (names.has(name(index))) used = index + 1;
  return used;
}

/** Endpoints keep their slice; new ones go where there is room. */
function place(
  endpoints: readonly Endpoint[],
  heldBy: ReadonlyMap<string, number>,
  count: number,
): Endpoint[][] {
  const slices: Endpoint[][] = Array.from({ length: count }, () => []);
  const fresh = endpoints.filter((endpoint) => {
    const slice = slices[heldBy.get(identity(endpoint)) ?? -1];
    slice?.push(endpoint);
    return slice === undefined;
  });
  for (const endpoint of fresh) {
    const roomy = slices.find((slice) => slice.length < MAX_ENDPOINTS);
    if (roomy === undefined) slices.push([endpoint]);
    else roomy.push(endpoint);
  }
  return slices;
}

function identity(endpoint: Endpoint): string {
  return String(endpoint.targetRef?.['uid'] ?? endpoint.addresses[0]);
}

function sliceOf(
  service: Stored<Service>,
  name: string,
  ports: readonly SlicePort[],
  endpoints: readonly Endpoint[],
): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name,
      namespace: service.metadata.namespace,
      labels: {
        ...service.metadata.labels,
        ...(service.spec.clusterIP === 'None' ? { [HEADLESS_LABEL]: '' } : {}),
        [SERVICE_NAME_LABEL]: service.metadata.name,
        [MANAGED_BY]: MANAGER,
      },
      ownerReferences: [controllerReference(ServiceKind, service)],
    },
    addressType: 'IPv4',
    endpoints: [...endpoints],
    ports: [...ports],
  };
}

/** At most 253 characters: a service's name has at most 63. */
function sliceName(service: Stored<Service>, ports: readonly SlicePort[], index: number): string {
  return `${service.metadata.name}-${shortHash(canonical(ports))}${index === 0 ? '' : `-${index}`}`;
}

function changed(wanted: EndpointSlice, held: Stored<EndpointSlice> | undefined): Stored<EndpointSlice>[] {
  if (held === undefined) return [];
  const { labels, ownerReferences } = wanted.metadata;
  const next = { ...held, ...wanted, metadata: { ...held.metadata, labels, ownerReferences } };
  return same(next, held) ? [] : [next as Stored<EndpointSlice>];
}

/** Index values of the slices that this controller made: `namespace/service`. */
export function managedSlices(slice: EndpointSlice): string[] {
  const { namespace, labels } = slice.metadata;
  const service = labels?.[SERVICE_NAME_LABEL];
  return labels?.[MANAGED_BY] === MANAGER && service !== undefined ? [`${namespace}/${service}`] : [];
}
