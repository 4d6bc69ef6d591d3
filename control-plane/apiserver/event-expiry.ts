import type { Client } from '#api/client/client.ts';
import type { Clock, Timer } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import { Event } from '#api/kinds/event.ts';
import type { Stored } from '#api/kinds/meta.ts';

/** kube-apiserver's `--event-ttl`. */
const KEEP_MS = 3_600_000;
const LOOK_EVERY_MS = 300_000;

/** Deletes events that are an hour old: they tell people what happened, and nobody else deletes them. Returns the way to stop. */
export function expireEvents(client: Client, clock: Clock, logger: Logger): () => void {
  let timer: Timer;
  const look = (): void => {
    void sweep(client, clock.wallMs() - KEEP_MS).catch((error: unknown) => {
      logger.warn('old events could not be deleted', { cause: messageOf(error) });
    });
    timer = clock.after(LOOK_EVERY_MS, look);
  };
  timer = clock.after(LOOK_EVERY_MS, look);
  return () => timer.cancel();
}

async function sweep(client: Client, beforeMs: number): Promise<void> {
  const { items } = await client.list(Event);
  for (const event of items.filter((event) => lastSeenMs(event) < beforeMs)) {
    await client.delete(Event, event.metadata.namespace, event.metadata.name, { uid: event.metadata.uid });
  }
}

function lastSeenMs(event: Stored<Event>): number {
  const { lastTimestamp, eventTime, metadata } = event;
  return Date.parse(lastTimestamp ?? eventTime ?? metadata.creationTimestamp);
}
