import { Node, RUNTIME_SOCKET_ANNOTATION } from '#api/kinds/node.ts';
import { Pod } from '#api/kinds/pod.ts';
import type { Registry } from '../registry/registry.ts';
import { badRequest, notFound, unavailable } from '../registry/statuses.ts';

export interface RuntimeOfPod {
  readonly pod: Pod;
  readonly node: string;
  /** The node runtime's own HTTP API. */
  readonly socketPath: string;
}

/** The pod and where its node runtime listens. Throws `NotFound`, `BadRequest` before the pod is bound, or `ServiceUnavailable`. */
export async function findRuntime(
  registry: Registry,
  namespace: string,
  name: string,
): Promise<RuntimeOfPod> {
  const version = await registry.get(Pod, namespace, name);
  if (version === undefined) throw notFound(Pod, name);
  const pod = version.object as unknown as Pod;
  const node = pod.spec.nodeName ?? '';
  if (node === '') throw badRequest(`pod ${name} does not have a host assigned`);
  const socketPath = (await registry.get(Node, undefined, node))?.object.metadata.annotations?.[
    RUNTIME_SOCKET_ANNOTATION
  ];
  if (socketPath === undefined) {
    throw unavailable(`node ${node} does not say where its runtime listens: is it running? (weft status)`);
  }
  return { pod, node, socketPath };
}
