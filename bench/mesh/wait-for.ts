import type { Client } from '#api/client/client.ts';
import { Pod } from '#api/kinds/pod.ts';

export function isReady(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some((c) => c.type === 'Ready' && c.status === 'True');
}

/** Follows one pod until `predicate` is true of it; rejects after `timeoutMs`. `undefined` stands for a pod that is gone. */
export async function podUntil(
  client: Client,
  name: string,
  predicate: (pod: Pod | undefined) => boolean,
  timeoutMs = 30_000,
): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs);
  const fieldSelector = `metadata.name=${name}`;
  const { items, resourceVersion } = await client.list(Pod, { namespace: 'default', fieldSelector });
  if (predicate(items[0])) return;
  const events = client.watch(Pod, { namespace: 'default', fieldSelector, resourceVersion, signal });
  for await (const event of events) {
    if (event.type === 'BOOKMARK') continue;
    if (predicate(event.type === 'DELETED' ? undefined : event.object)) return;
  }
  throw new Error(`pod ${name} did not get there within ${timeoutMs} ms`);
}
