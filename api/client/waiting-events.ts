/**
 * Events that wait for an API that is away: what happens while a control plane is replaced is what people look for
 * afterwards. As client-go's recorder does (tools/record/event.go, recordToSink), the write is tried again for a while.
 */
import { type Clock, sleep } from '#api/foundation/clock.ts';
import type { Client } from './client.ts';
import { type Happening, tryToRecord } from './events.ts';

const PAUSE_MS = 5_000;
/** As long as Kubernetes keeps events: an older one is no news. */
const LONGEST_MS = 3_600_000;
/** Of one client; those beyond are tried once, and counted with the next of their kind. */
const MAX_WAITING = 1_000;

const waiting = new WeakMap<Client, number>();

/** Resolves when the event is written or held back, or will never be written: true when it is written. Never rejects. */
export async function recordWhenThere(
  client: Client,
  happening: Happening,
  { clock, signal }: { readonly clock: Clock; readonly signal?: AbortSignal | undefined },
): Promise<boolean> {
  const atMs = happening.atMs ?? clock.wallMs();
  const untilMs = clock.nowMs() + LONGEST_MS;
  const before = waiting.get(client) ?? 0;
  waiting.set(client, before + 1);
  try {
    for (;;) {
      const mayWait = before < MAX_WAITING && clock.nowMs() < untilMs && signal?.aborted !== true;
      const became = await tryToRecord(client, { ...happening, atMs }, clock, mayWait);
      if (became !== 'away' || !mayWait) return became === 'written';
      await sleep(clock, PAUSE_MS, signal).catch(() => {});
    }
  } finally {
    waiting.set(client, (waiting.get(client) ?? 1) - 1);
  }
}
