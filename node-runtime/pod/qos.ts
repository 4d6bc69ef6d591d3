import { parseQuantity } from '#api/foundation/quantity.ts';
import type { Container, PodSpec } from '#api/kinds/pod-spec.ts';

const COMPUTE = ['cpu', 'memory'] as const;

/** Kubernetes' quality-of-service class, from what the containers ask for and are limited to. */
export function qosClass(spec: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  if (containers.every(isGuaranteed)) return 'Guaranteed';
  return containers.some(asksForSomething) ? 'Burstable' : 'BestEffort';
}

function quantity(container: Container, list: 'limits' | 'requests', name: string): number {
  return parseQuantity(container.resources?.[list]?.[name] ?? 0) ?? 0;
}

/** A request that is not given equals the limit. */
function isGuaranteed(container: Container): boolean {
  return COMPUTE.every((name) => {
    const limit = quantity(container, 'limits', name);
    const request = quantity(container, 'requests', name);
    return limit > 0 && (request === 0 || request === limit);
  });
}

function asksForSomething(container: Container): boolean {
  return COMPUTE.some(
    (name) => quantity(container, 'limits', name) > 0 || quantity(container, 'requests', name) > 0,
  );
}
