import { WeftError } from '#api/foundation/errors.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { PROXY_NAME } from '#api/mesh/names.ts';

/**
 * A container of that name would share the sidecar's id, files and log: each would take the other for itself.
 * Throws a WeftError `InjectionRefused`.
 */
export function refuseReservedName({ spec }: Pick<Pod, 'spec'>): void {
  const names = [...(spec.initContainers ?? []), ...spec.containers].map((container) => container.name);
  if (!names.includes(PROXY_NAME)) return;
  throw new WeftError('InjectionRefused', `container ${PROXY_NAME} has the name of the sidecar`, {
    remedy: 'give it another name, or annotate the pod with sidecar.istio.io/inject: "false"',
  });
}
