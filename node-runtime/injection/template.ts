/**
 * Which of Istio's injection templates a pod asks for. `gateway`: the pod is a proxy and nothing else. Its container
 * `istio-proxy` (image `auto`) becomes the proxy, and none of its traffic is redirected.
 */
import { WeftError } from '#api/foundation/errors.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { PROXY_NAME } from '#api/mesh/names.ts';

export const TEMPLATES_ANNOTATION = 'inject.istio.io/templates';

export function isGateway({ metadata }: Pick<Pod, 'metadata'>): boolean {
  return metadata.annotations?.[TEMPLATES_ANNOTATION]?.trim() === 'gateway';
}

/** Throws a WeftError `InjectionRefused` when the pod asks for what cannot be made. */
export function checkTemplate(pod: Pick<Pod, 'metadata' | 'spec'>): void {
  const templates = pod.metadata.annotations?.[TEMPLATES_ANNOTATION]?.trim() ?? 'sidecar';
  if (templates !== 'sidecar' && templates !== 'gateway') {
    refuse(`annotation ${TEMPLATES_ANNOTATION} has "${templates}"`, 'say sidecar or gateway');
  }
  if (!isGateway(pod)) return;
  const proxy = pod.spec.containers.find(({ name }) => name === PROXY_NAME);
  if (proxy === undefined) {
    refuse(`a gateway needs a container named ${PROXY_NAME}`, `add one with "image: auto"`);
  }
  for (const field of ['command', 'args', 'env', 'envFrom', 'volumeMounts', 'lifecycle'] as const) {
    if (proxy[field] !== undefined) refuse(`container ${PROXY_NAME} sets ${field}`, 'leave it out');
  }
}

function refuse(message: string, remedy: string): never {
  throw new WeftError('InjectionRefused', message, { remedy });
}
