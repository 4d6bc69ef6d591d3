import { WeftError } from '#api/foundation/errors.ts';
import { parseQuantity } from '#api/foundation/quantity.ts';
import type { Container, EnvVar } from '#api/kinds/pod-spec.ts';

/** What the node has to give: the limit of a container that names none. */
export interface NodeSize {
  readonly cpus: number;
  readonly memoryBytes: number;
}

type Ref = NonNullable<NonNullable<EnvVar['valueFrom']>['resourceFieldRef']>;
const RESOURCE = /^(limits|requests)\.(cpu|memory)$/;

/** Kubernetes' resourceFieldRef: the quantity in units of the divisor, rounded up. */
export function resourceValue(
  ref: Ref,
  own: Container,
  containers: readonly Container[],
  node: NodeSize,
): string {
  const container = containers.find(({ name }) => name === ref.containerName) ?? own;
  const [, list, resource] = RESOURCE.exec(ref.resource) ?? [];
  if ((list !== 'limits' && list !== 'requests') || resource === undefined) {
    throw new WeftError('CreateContainerConfigError', `resource "${ref.resource}" is not supported`, {
      remedy: 'use limits.cpu, limits.memory, requests.cpu or requests.memory',
    });
  }
  const amount = amountOf(container, list, resource, node);
  const divisor = parseQuantity(ref.divisor ?? 1) || 1;
  return String(Math.ceil(amount / divisor - 1e-9));
}

function amountOf(
  container: Container,
  list: 'limits' | 'requests',
  resource: string,
  node: NodeSize,
): number {
  const given = container.resources?.[list]?.[resource];
  if (given !== undefined) return parseQuantity(given) ?? 0;
  if (list === 'requests') return parseQuantity(container.resources?.limits?.[resource] ?? 0) ?? 0;
  return resource === 'cpu' ? node.cpus : node.memoryBytes;
}
