/** When a deployment is rolled out, by the rules of `kubectl rollout status`. */
import type { Client } from '#api/client/client.ts';
import { isReason } from '#api/client/client.ts';
import { WeftError } from '#api/foundation/errors.ts';
import { Deployment } from '#api/kinds/deployment.ts';
import type { Stored } from '#api/kinds/meta.ts';

export type Verdict =
  | { readonly done: true; readonly message: string }
  | { readonly done: false; readonly message: string; readonly failed?: string };

/** Pure: what the deployment's status says of its newest generation. */
export function rolloutOf(deployment: Deployment): Verdict {
  const name = deployment.metadata.name ?? '';
  const { spec, status = {} } = deployment;
  if ((status.observedGeneration ?? 0) < (deployment.metadata.generation ?? 0)) {
    return { done: false, message: 'waiting for the controller to see the change' };
  }
  const progressing = status.conditions?.find((condition) => condition.type === 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') {
    const failed = `deployment "${name}" made no progress for ${spec.progressDeadlineSeconds} s: ${progressing.message ?? ''}`;
    return { done: false, message: failed, failed };
  }
  const updated = status.updatedReplicas ?? 0;
  const available = status.availableReplicas ?? 0;
  const old = (status.replicas ?? 0) - updated;
  if (updated < spec.replicas)
    return { done: false, message: `${updated} of ${spec.replicas} new replicas are there` };
  if (old > 0) return { done: false, message: `${old} old replica${old === 1 ? '' : 's'} still to end` };
  if (available < updated)
    return { done: false, message: `${available} of ${updated} updated replicas are available` };
  return { done: true, message: `deployment "${name}" successfully rolled out` };
}

interface Waiting {
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  readonly onProgress: (message: string) => void;
}

/** Resolves with the closing sentence. Throws a WeftError `RolloutFailed`, `RolloutNotDone` or `NotFound`. */
export async function awaitDeployment(
  client: Client,
  { namespace, name }: { namespace: string; name: string },
  { timeoutSeconds, signal, onProgress }: Waiting,
): Promise<string> {
  const deadline = AbortSignal.timeout(timeoutSeconds * 1000);
  let last = '';
  for await (const deployment of states(client, namespace, name, AbortSignal.any([deadline, signal]))) {
    const verdict = rolloutOf(deployment);
    if (verdict.done) return verdict.message;
    if (verdict.failed !== undefined)
      throw new WeftError('RolloutFailed', verdict.failed, {
        remedy: `see: weft describe deployment ${name} -n ${namespace}`,
      });
    if (verdict.message !== last) onProgress(verdict.message);
    last = verdict.message;
  }
  throw new WeftError(
    'RolloutNotDone',
    `deployment "${name}" is not rolled out after ${timeoutSeconds} s: ${last}`,
    {
      remedy: `see: weft get pods -n ${namespace}`,
    },
  );
}

/** The deployment now and after every change, until the signal aborts. */
async function* states(
  client: Client,
  namespace: string,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<Stored<Deployment>> {
  const fieldSelector = `metadata.name=${name}`;
  while (!signal.aborted) {
    const { items, resourceVersion } = await client.list(Deployment, { namespace, fieldSelector });
    const [found] = items;
    if (found === undefined)
      throw new WeftError('NotFound', `there is no deployment "${name}" in the namespace ${namespace}`);
    yield found;
    try {
      for await (const event of client.watch(Deployment, {
        namespace,
        fieldSelector,
        resourceVersion,
        signal,
      })) {
        if (event.type === 'DELETED') throw new WeftError('NotFound', `the deployment "${name}" was deleted`);
        if (event.type !== 'BOOKMARK') yield event.object;
      }
    } catch (error) {
      if (!isReason(error, 'Expired')) throw error;
    }
  }
}
