import { carries } from '#api/kinds/selectors.ts';
import { compare } from './host-match.ts';
import type { MeshPort, MeshService } from './mesh-service.ts';
import type { PodFacts } from './pod-facts.ts';
import type { Protocol } from './protocol.ts';

/** One port on which a pod's app is reached. */
export interface InboundPort {
  readonly number: number;
  readonly protocol: Protocol;
  /** The services that lead here, oldest first. The oldest one's protocol counts. */
  readonly services: readonly MeshService[];
}

/**
 * The ports that the pod's containers name and those that the services selecting it lead to. `services` are those
 * of the pod's namespace.
 */
export function inboundPorts(pod: PodFacts, services: Iterable<MeshService>): InboundPort[] {
  const leading = new Map<number, { service: MeshService; port: MeshPort }[]>();
  for (const { number } of pod.ports) leading.set(number, []);
  for (const service of oldestFirst(services)) {
    if (service.selector === undefined || !carries(pod.labels, service.selector)) continue;
    for (const port of service.ports) {
      const number = containerPort(pod, port.targetPort);
      if (number === undefined) continue;
      leading.set(number, [...(leading.get(number) ?? []), { service, port }]);
    }
  }
  return [...leading.keys()]
    .sort((a, b) => a - b)
    .map((number) => {
      const ways = leading.get(number)!;
      return {
        number,
        protocol: ways[0]?.port.protocol ?? 'detect',
        services: [...new Set(ways.map(({ service }) => service))],
      };
    });
}

function containerPort(pod: PodFacts, target: number | string): number | undefined {
  return typeof target === 'number' ? target : pod.ports.find(({ name }) => name === target)?.number;
}

function oldestFirst(services: Iterable<MeshService>): MeshService[] {
  return [...services].sort((a, b) => compare(a.createdAt, b.createdAt) || compare(a.host, b.host));
}
