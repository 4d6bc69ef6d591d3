/** What a pod is to a service: an address with its conditions, and the ports behind the service's ports. */
import type { Endpoint, EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Node } from '#api/kinds/node.ts';
import type { Pod } from '#api/kinds/pod.ts';
import type { Service, ServicePort } from '#api/kinds/service.ts';
import { isPodReady, isTerminal } from '../pods.ts';

export type SlicePort = EndpointSlice['ports'][number];

const ZONE_LABEL = 'topology.kubernetes.io/zone';

/** A pod that ended, or has no address yet, is no endpoint. One that goes still is, marked as terminating. */
export function isEndpoint(pod: Pod): boolean {
  return !isTerminal(pod) && (pod.status?.podIP ?? '') !== '';
}

export function endpointOf(service: Stored<Service>, pod: Stored<Pod>, node: Node | undefined): Endpoint {
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const zone = node?.metadata.labels?.[ZONE_LABEL];
  const named = pod.spec.hostname !== undefined && pod.spec.subdomain === service.metadata.name;
  return {
    addresses: [pod.status?.podIP ?? ''],
    conditions: { ready, serving, terminating },
    ...(named ? { hostname: pod.spec.hostname } : {}),
    ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    ...(zone === undefined ? {} : { zone }),
    targetRef: {
      kind: 'Pod',
      namespace: pod.metadata.namespace ?? '',
      name: pod.metadata.name,
      uid: pod.metadata.uid,
    },
  };
}

/** The service's ports on this pod. A port whose target name the pod does not have is left out. */
export function portsOn(service: Service, pod: Pod): SlicePort[] {
  return (service.spec.ports ?? []).flatMap((port) => {
    const number = targetOn(port, pod);
    return number === undefined ? [] : [slicePort(port, number)];
  });
}

/** The ports that do not depend on a pod: what a service without pods shows. */
export function fixedPorts(service: Service): SlicePort[] {
  return (service.spec.ports ?? []).flatMap((port) => {
    const number = numberOf(port);
    return number === undefined ? [] : [slicePort(port, number)];
  });
}

function slicePort(port: ServicePort, number: number): SlicePort {
  const { appProtocol, protocol } = port;
  return {
    name: port.name ?? '',
    port: number,
    protocol,
    ...(appProtocol === undefined ? {} : { appProtocol }),
  };
}

/** The target as a number; undefined when it is the name of a container port. */
function numberOf({ targetPort, port }: ServicePort): number | undefined {
  const target = targetPort ?? port;
  if (typeof target === 'number') return target;
  return /^\d+$/.test(target) ? Number(target) : undefined;
}

function targetOn(port: ServicePort, pod: Pod): number | undefined {
  const sidecars = (pod.spec.initContainers ?? []).filter((init) => init.restartPolicy === 'Always');
  const named = [...pod.spec.containers, ...sidecars]
    .flatMap((container) => container.ports ?? [])
    .find((known) => known.name === port.targetPort && known.protocol === port.protocol);
  return numberOf(port) ?? named?.containerPort;
}
