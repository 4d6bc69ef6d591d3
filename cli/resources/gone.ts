import { type Client, isReason } from '#api/client/client.ts';
import { WeftError } from '#api/foundation/errors.ts';
import type { AnyKind } from '#api/kinds/kind.ts';
import type { KubeObject } from '#api/kinds/meta.ts';

interface Named {
  readonly kind: AnyKind;
  readonly namespace: string | undefined;
  readonly name: string;
}

/** Resolves when the object does not exist any more, or another one has its name. Throws a WeftError `StillThere`. */
export async function awaitGone(
  client: Client,
  victim: Named,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  const { kind, namespace, name } = victim;
  const fieldSelector = `metadata.name=${name}`;
  const until = AbortSignal.any([AbortSignal.timeout(timeoutSeconds * 1000), signal]);
  let uid: string | undefined;
  while (!until.aborted) {
    const { items, resourceVersion } = await client.list<KubeObject>(kind, { namespace, fieldSelector });
    const [found] = items;
    uid ??= found?.metadata.uid;
    if (found === undefined || found.metadata.uid !== uid) return;
    try {
      for await (const event of client.watch<KubeObject>(kind, {
        namespace,
        fieldSelector,
        resourceVersion,
        signal: until,
      })) {
        if (event.type === 'DELETED') return;
      }
    } catch (error) {
      if (!isReason(error, 'Expired')) throw error;
    }
  }
  throw new WeftError('StillThere', `${kind.singular} "${name}" is still there after ${timeoutSeconds} s`, {
    remedy: `see: weft describe ${kind.singular} ${name}`,
  });
}
