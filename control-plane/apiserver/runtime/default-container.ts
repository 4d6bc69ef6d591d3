import type { Pod } from '#api/kinds/pod.ts';
import { badRequest } from '../registry/statuses.ts';

/** Injected by the node runtime; it stands in no pod's spec. */
export const SIDECAR_CONTAINER = 'istio-proxy';
const DEFAULT_CONTAINER_ANNOTATION = 'kubectl.kubernetes.io/default-container';

/** The container that logs and exec are about: the asked one, the annotated one, or the only one. Throws `BadRequest`. */
export function containerOf(pod: Pod, asked: string | undefined): string {
  const name = pod.metadata.name ?? '';
  const own = pod.spec.containers.map((container) => container.name);
  const known = [...own, ...(pod.spec.initContainers ?? []).map((c) => c.name), SIDECAR_CONTAINER];
  const container = asked || pod.metadata.annotations?.[DEFAULT_CONTAINER_ANNOTATION];
  if (container !== undefined) {
    if (known.includes(container)) return container;
    throw badRequest(`container ${container} is not valid for pod ${name}; it has ${known.join(', ')}`);
  }
  const [only, ...others] = own;
  if (only !== undefined && others.length === 0) return only;
  throw badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${own.join(' ')}] or one of the sidecars: [${SIDECAR_CONTAINER}]`,
  );
}
