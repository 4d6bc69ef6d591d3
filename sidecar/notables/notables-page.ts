import type { Clock, Timer } from '#api/foundation/clock.ts';
import { NOTABLES_HEARTBEAT_MS } from '#api/mesh/notable.ts';
import { type Answer, type Page, text } from '#sidecar/admin/http-server.ts';
import type { NotableLog } from './notable-log.ts';

/** `GET /notables?boot=…&after=…`: what is known from there on, and then what comes, one JSON object a line, for as long as it is read. */
export function notablesPage(log: NotableLog, clock: Clock): Page {
  return (query): Answer => {
    const after = Number(query.get('after') ?? 0);
    if (!Number.isSafeInteger(after) || after < 0) return text(400, 'after is a number from 0\n');
    return { status: 200, type: 'application/json', body: lines(log, query.get('boot') ?? '', after, clock) };
  };
}

async function* lines(log: NotableLog, boot: string, from: number, clock: Clock): AsyncGenerator<string> {
  let position = { boot, after: from };
  for (;;) {
    const found = log.since(position);
    const last = found.at(-1);
    if (last !== undefined) position = { boot: log.boot, after: last.seq };
    yield found.length === 0 ? '\n' : found.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    await more(log, position, clock);
  }
}

/** Resolves at the next entry or, so that a reader who has gone is noticed, after a while. */
function more(log: NotableLog, position: { boot: string; after: number }, clock: Clock): Promise<void> {
  if (log.since(position).length > 0) return Promise.resolve();
  return new Promise((resolve) => {
    let timer: Timer | undefined;
    const unwatch = log.onNote(() => end());
    const end = (): void => {
      unwatch();
      timer?.cancel();
      resolve();
    };
    timer = clock.after(NOTABLES_HEARTBEAT_MS, end);
  });
}
