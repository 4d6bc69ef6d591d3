import type { Client } from '#api/client/client.ts';
import { recordEvent } from '#api/client/events.ts';
import { splitKey } from '#api/client/object-cache.ts';
import type { Clock } from '#api/foundation/clock.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import { Pod } from '#api/kinds/pod.ts';
import type { AnySession } from './ads-stream.ts';
import { createDebounce } from './debounce.ts';
import type { Fleet } from './fleet.ts';
import { current } from './ledger.ts';
import { ProxiesAccept, type RefusedPod } from './proxies-accept.ts';
import { RULE_KINDS, type Statement, type StatusWriter } from './status-writer.ts';

/** After a restart sidecars are back well within this: the longest time between two of their tries is half of it. */
const RETURN_MS = 15_000;

/** Who says it in Events. */
const COMPONENT = 'control-plane';

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
    for (const statement of statements) void tellOfRule(client, clock, statement);
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

/** A refusal of a rule stands in its condition, and as an Event beside what else happened to it. */
async function tellOfRule(client: Client, clock: Clock, { about, condition }: Statement): Promise<void> {
  if (condition.status !== 'False') return;
  const { namespace, name } = splitKey(about.key);
  const rule = await client.get(RULE_KINDS[about.kind], namespace, name).catch(() => undefined);
  if (rule === undefined) return;
  const { reason, message } = condition;
  await recordEvent(client, { object: rule, type: 'Warning', reason, message, component: COMPONENT }, clock);
}

/** What is made from a pod alone is told as an Event of the pod, which has no other place for it. */
async function tell(client: Client, clock: Clock, { namespace, name, message }: RefusedPod): Promise<void> {
  const object = await client.get(Pod, namespace, name).catch(() => undefined);
  if (object === undefined) return;
  const words = { type: 'Warning', reason: 'RefusedByProxy', message, component: COMPONENT } as const;
  await recordEvent(client, { object, ...words }, clock);
}
