import type { Client } from '#api/client/client.ts';
import { recordEvent } from '#api/client/events.ts';
import type { Clock } from '#api/foundation/clock.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import { Pod } from '#api/kinds/pod.ts';
import type { AnySession } from './ads-stream.ts';
import { createDebounce } from './debounce.ts';
import type { Fleet } from './fleet.ts';
import { current } from './ledger.ts';
import { ProxiesAccept, type RefusedPod } from './proxies-accept.ts';
import type { StatusWriter } from './status-writer.ts';

/** After a restart sidecars are back well within this: the longest time between two of their tries is half of it. */
const RETURN_MS = 15_000;

export interface RefusalWatch {
  /** An object as it was found at the start; undefined for one that was deleted. */
  recall(object: Stored<KubeObject> | undefined): void;
  /** The proxies that leave from now on have not taken anything back. */
  stop(): void;
}

/** Follows what the proxies refuse, and has it said where people look. */
export function watchRefusals(
  fleet: Fleet<AnySession>,
  { client, clock, statuses }: { client: Client; clock: Clock; statuses: StatusWriter },
): RefusalWatch {
  const verdict = new ProxiesAccept(fleet.world);
  let returned = false;
  const debounce = createDebounce(clock, () => {
    const { statements, pods } = verdict.review(current(fleet), returned);
    statuses.report(statements);
    for (const pod of pods) void tell(client, clock, pod);
  });
  const unwatch = fleet.onProgress(debounce.soon);
  const patience = clock.after(RETURN_MS, () => {
    returned = true;
    debounce.soon();
  });
  return {
    recall(object) {
      if (object !== undefined) verdict.recall(object);
    },
    stop() {
      unwatch();
      patience.cancel();
      debounce.cancel();
    },
  };
}

/** What is made from a pod alone is told as an Event of the pod, which has no other place for it. */
async function tell(client: Client, clock: Clock, { namespace, name, message }: RefusedPod): Promise<void> {
  const object = await client.get(Pod, namespace, name).catch(() => undefined);
  if (object === undefined) return;
  const component = 'control-plane';
  await recordEvent(client, { object, type: 'Warning', reason: 'RefusedByProxy', message, component }, clock);
}
