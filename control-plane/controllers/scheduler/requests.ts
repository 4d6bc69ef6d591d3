import { parseQuantity } from '#api/foundation/quantity.ts';
import type { Container, PodSpec } from '#api/kinds/pod-spec.ts';

/** Cores and bytes. */
export interface Demand {
  readonly cpu: number;
  readonly memory: number;
}

export const NOTHING: Demand = { cpu: 0, memory: 0 };

/**
 * What a pod reserves on its node: its containers and native sidecars together, or its largest init container beside
 * the sidecars started before it, whichever is more (Kubernetes' rule). A limit without a request is a request.
 */
export function demandOf(spec: PodSpec): Demand {
  const running = spec.containers.map(requestOf).reduce(plus, NOTHING);
  let sidecars = NOTHING;
  let starting = NOTHING;
  for (const init of spec.initContainers ?? []) {
    if (init.restartPolicy === 'Always') sidecars = plus(sidecars, requestOf(init));
    starting = most(starting, init.restartPolicy === 'Always' ? sidecars : plus(sidecars, requestOf(init)));
  }
  return most(plus(running, sidecars), starting);
}

function requestOf(container: Container): Demand {
  const { requests, limits } = container.resources ?? {};
  const amount = (name: string): number => {
    const quantity = requests?.[name] ?? limits?.[name];
    return quantity === undefined ? 0 : (parseQuantity(quantity) ?? 0);
  };
  return { cpu: amount('cpu'), memory: amount('memory') };
}

export function plus(a: Demand, b: Demand): Demand {
  return { cpu: a.cpu + b.cpu, memory: a.memory + b.memory };
}

function most(a: Demand, b: Demand): Demand {
  return { cpu: Math.max(a.cpu, b.cpu), memory: Math.max(a.memory, b.memory) };
}

/** The ports of the host that a pod takes, as `TCP/80`. */
export function hostPortsOf(spec: PodSpec): string[] {
  return [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, protocol }) => (hostPort === undefined ? [] : [`${protocol}/${hostPort}`])),
  );
}
