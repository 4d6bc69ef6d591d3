import { carries, type Labels } from '#api/kinds/selectors.ts';
import { isIPv4 } from '#api/mesh/ipv4.ts';
import { compare } from '../model/host-match.ts';
import type { Inputs } from '../model/inputs.ts';
import { type Locality, NOWHERE } from '../model/locality.ts';
import type { MeshPort, MeshService } from '../model/mesh-service.ts';
import type { PodFacts } from '../model/pod-facts.ts';
import type { SliceEndpoint } from '../model/slice.ts';
import type { Workload } from '../model/workload.ts';

/** One address that answers for a service's port. */
export interface Target {
  /** An IP address, or a name where the service resolves by DNS. */
  readonly address: string;
  readonly port: number;
  readonly locality: Locality;
  readonly weight: number;
  readonly labels: Labels;
  /** Endpoint metadata; undefined: nothing is known of what is behind the address. */
  readonly workload: string | undefined;
}

/**
 * The ready addresses behind a service's port, each once (a proxy refuses a repeated one), in an order that does
 * not depend on how they arrived.
 */
export function targetsOf(service: MeshService, port: MeshPort, inputs: Inputs): Target[] {
  const found =
    service.source === 'Service' ? ofService(service, port, inputs) : ofEntry(service, port, inputs);
  const targets = new Map(found.map((target) => [`${target.address}:${target.port}`, target]));
  return [...targets.keys()].sort(compare).map((key) => targets.get(key)!);
}

/** Its slices, and the WorkloadEntries that its selector selects (Istio). */
function ofService(service: MeshService, port: MeshPort, inputs: Inputs): Target[] {
  const sliced = inputs.workloads.slicesOf(service.host).flatMap((slice) => {
    const number = slice.portNumbers.get(port.name);
    return number === undefined
      ? []
      : slice.endpoints.flatMap((endpoint) => ofSlice(endpoint, number, inputs));
  });
  return [
    ...sliced,
    ...selectedWorkloads(service, inputs).flatMap((entry) => ofWorkload(entry, service, port)),
  ];
}

function ofSlice({ addresses, zone, node, podKey }: SliceEndpoint, port: number, inputs: Inputs): Target[] {
  const pod = podKey === undefined ? undefined : inputs.pods.get(podKey);
  const locality = pod?.locality ??
    inputs.workloads.localityOfNode(pod?.node || node) ?? { ...NOWHERE, zone };
  const { labels = {}, workload } = pod ?? {};
  return addresses.map((address) => ({ address, port, locality, weight: 1, labels, workload }));
}

/** What a ServiceEntry names, or selects; a name that resolves by DNS stands for itself when neither is there. */
function ofEntry(service: MeshService, port: MeshPort, inputs: Inputs): Target[] {
  const named = inputs.inlineOf(service);
  if (named.length > 0) return named.flatMap((entry) => ofWorkload(entry, service, port));
  if (service.selector !== undefined) {
    return [
      ...selectedWorkloads(service, inputs).flatMap((entry) => ofWorkload(entry, service, port)),
      ...selectedPods(service, inputs).map((pod) => ofPod(pod, port, inputs)),
    ];
  }
  if (service.resolution !== 'DNS' && service.resolution !== 'DNS_ROUND_ROBIN') return [];
  const workload = undefined;
  const common = { locality: NOWHERE, weight: 1, labels: {}, workload };
  return [{ address: service.host, port: targetPort(port), ...common }];
}

function selectedWorkloads({ selector, namespace }: MeshService, inputs: Inputs): Workload[] {
  if (selector === undefined) return [];
  return inputs.workloads.workloadsIn(namespace).filter(({ labels }) => carries(labels, selector));
}

function selectedPods({ selector = {}, namespace }: MeshService, inputs: Inputs): PodFacts[] {
  return inputs.workloads
    .podsIn(namespace)
    .filter(({ ready, address, labels }) => ready && address !== '' && carries(labels, selector));
}

function ofPod(pod: PodFacts, port: MeshPort, inputs: Inputs): Target {
  const { address, labels, workload } = pod;
  return {
    address,
    port: targetPort(port),
    locality: inputs.workloads.localityOf(pod),
    weight: 1,
    labels,
    workload,
  };
}

/** A static endpoint that is no address cannot be connected to. */
function ofWorkload(entry: Workload, { resolution }: MeshService, port: MeshPort): Target[] {
  const { address, locality, weight, labels, workload } = entry;
  if (address === undefined || (resolution === 'STATIC' && !isIPv4(address))) return [];
  const own = entry.ports[port.name] ?? targetPort(port);
  return [{ address, port: own, locality, weight, labels, workload }];
}

function targetPort({ targetPort: target, number }: MeshPort): number {
  return typeof target === 'number' ? target : number;
}
