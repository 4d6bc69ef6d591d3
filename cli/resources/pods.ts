import type { Client } from '#api/client/client.ts';
import { WeftError } from '#api/foundation/errors.ts';
import type { KubeObject, LabelSelector, Stored } from '#api/kinds/meta.ts';
import { Pod } from '#api/kinds/pod.ts';
import { matchesSelector } from '#api/kinds/selectors.ts';
import { UsageError } from '../failure.ts';
import { oneTarget } from './targets.ts';

/** The annotation with which a pod says which container people mean (kubectl's). */
const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/** The pod itself, or the first running pod of a deployment or replica set. */
export async function podFor(
  client: Client,
  namespace: string,
  words: readonly string[],
): Promise<Stored<Pod>> {
  const { kind, name } = oneTarget(words, Pod);
  if (kind === Pod) {
    const pod = await client.get(Pod, namespace, name);
    if (pod === undefined)
      throw new WeftError('NotFound', `there is no pod "${name}" in the namespace ${namespace}`);
    return pod;
  }
  const owner = await client.get<KubeObject>(kind, namespace, name);
  if (owner === undefined)
    throw new WeftError('NotFound', `there is no ${kind.singular} "${name}" in the namespace ${namespace}`);
  const pods = await podsOf(client, namespace, owner);
  const pod = pods.find((candidate) => candidate.status?.phase === 'Running') ?? pods[0];
  if (pod === undefined) throw new WeftError('NotFound', `${kind.singular} "${name}" has no pods`);
  return pod;
}

async function podsOf(client: Client, namespace: string, owner: KubeObject): Promise<Stored<Pod>[]> {
  const { selector } = (owner as KubeObject & { spec?: { selector?: LabelSelector } }).spec ?? {};
  if (selector?.matchLabels === undefined && selector?.matchExpressions === undefined) {
    throw new UsageError(
      `a ${owner.kind} has no pods of its own`,
      'name a pod, a deployment or a replica set',
    );
  }
  const { items } = await client.list(Pod, { namespace });
  return items.filter((pod) => matchesSelector(selector, pod.metadata.labels ?? {}));
}

export async function podsWith(
  client: Client,
  namespace: string,
  labelSelector: string,
): Promise<Stored<Pod>[]> {
  const { items } = await client.list(Pod, { namespace, labelSelector });
  if (items.length === 0)
    throw new WeftError('NotFound', `no pod in the namespace ${namespace} has the labels ${labelSelector}`);
  return items;
}

/** The container that people mean when they name none: the annotated one, else the app's first. */
export function appContainer(pod: Pod): string {
  return pod.metadata.annotations?.[DEFAULT_CONTAINER] ?? pod.spec.containers[0]!.name;
}
