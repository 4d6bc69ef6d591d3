/**
 * Reads one sidecar's notables for as long as its pod is here. Lines are taken one by one, each written down as read
 * once it is told, so that a node runtime that takes over goes on behind it; a sidecar that tells faster than is
 * written, or than anything happens, waits. One that says what it may not is let be for a while.
 */
import { Client as SocketClient } from 'undici';
import { createBackoff } from '#api/foundation/backoff.ts';
import { type Clock, sleep } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { Random } from '#api/foundation/random.ts';
import { NOTABLES_HEARTBEAT_MS, NOTABLES_PATH, type Notable } from '#api/mesh/notable.ts';
import { MAX_LINE, readLine } from './notable-line.ts';
import { loadPosition, type Position, savePosition } from './read-position.ts';

export interface FollowOptions {
  readonly socketPath: string;
  /** File of how far was read. */
  readonly positionPath: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  tell(fact: Notable): Promise<void>;
}

/** A sidecar that starts is there within a second; one that is gone may stay away. */
const RETRY = { initialMs: 500, maxMs: 30_000, factor: 2, jitter: 0.2 };
const CONNECT_MS = 5_000;
/** Two heartbeats went missing. */
const SILENCE_MS = 3 * NOTABLES_HEARTBEAT_MS;
/** Lines that are read at once, more than a sidecar remembers, and how long one takes after that: each is written down. */
const BURST = 512;
const LINE_MS = 100;

/** Resolves when the signal aborts. */
export async function followSidecar(options: FollowOptions): Promise<void> {
  const { clock, random, logger, signal } = options;
  let backoff = createBackoff(RETRY, random);
  const pace = new Pace(clock);
  while (!signal.aborted) {
    try {
      await readOn(options, pace, () => {
        backoff = createBackoff(RETRY, random);
      });
    } catch (error) {
      if (!signal.aborted) logger.debug('notables cannot be read', { reason: messageOf(error) });
    }
    await sleep(clock, backoff.nextMs(), signal).catch(() => {});
  }
}

async function readOn(options: FollowOptions, pace: Pace, heard: () => void): Promise<void> {
  const { socketPath, positionPath, clock, signal } = options;
  let position = loadPosition(positionPath);
  const client = new SocketClient('http://sidecar', {
    socketPath,
    connectTimeout: CONNECT_MS,
    headersTimeout: CONNECT_MS,
    bodyTimeout: SILENCE_MS,
  });
  try {
    const query = new URLSearchParams({ boot: position.boot, after: String(position.seq) });
    const path = `${NOTABLES_PATH}?${query}`;
    const { statusCode, body } = await client.request({ method: 'GET', path, signal });
    if (statusCode !== 200) throw new Error(`the sidecar answers ${statusCode}`);
    for await (const line of linesOf(body)) {
      const waitMs = pace.lineMs();
      if (waitMs > 0) await sleep(clock, waitMs, signal);
      position = await take(line, position, options);
      heard();
    }
  } finally {
    void client.destroy();
  }
}

async function take(line: string, position: Position, options: FollowOptions): Promise<Position> {
  const read = readLine(line);
  if (read === undefined) return position;
  const { boot, seq } = read;
  if (boot === position.boot && seq <= position.seq) return position;
  if ('missed' in read) options.logger.info('notables were not read in time', { missed: read.missed });
  else await options.tell(read);
  const next = { boot, seq };
  savePosition(options.positionPath, next);
  return next;
}

/** A sidecar that writes without end must not keep the node from its pods: what it writes stays in the socket meanwhile. */
class Pace {
  readonly #clock: Pick<Clock, 'nowMs'>;
  #left = BURST;
  #countedMs: number;

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock;
    this.#countedMs = clock.nowMs();
  }

  /** How long the next line has to wait. */
  lineMs(): number {
    const nowMs = this.#clock.nowMs();
    this.#left = Math.min(BURST, this.#left + (nowMs - this.#countedMs) / LINE_MS) - 1;
    this.#countedMs = nowMs;
    return this.#left < 0 ? LINE_MS : 0;
  }
}

/** Throws when a line does not end. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (
      rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))
    ).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > MAX_LINE) throw new Error('a line that does not end');
  }
}
