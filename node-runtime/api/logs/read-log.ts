import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { watchDirectory } from '../../files/watch-directory.ts';
import { parseEntry, render } from './log-entry.ts';
import type { LogOptions } from './log-options.ts';
import { tailOffset } from './tail-offset.ts';

export interface LogSource {
  readonly path: string;
  /** Whether the container may still write; a followed log ends when it does not. */
  readonly isRunning: () => boolean;
  readonly signal: AbortSignal;
}

const READ_BYTES = 64 * 1024;
/** A line longer than this is no line of ours: the monitor cuts at a few kilobytes. */
const MAX_LINE_BYTES = 1024 * 1024;
/** Looked at even when the kernel said nothing: the container may have ended without another word. */
const LOOK_AGAIN_MS = 500;

/** The text of a container's log as `kubectl logs` prints it, in pieces. */
export async function* readLog(source: LogSource, options: LogOptions): AsyncGenerator<Buffer> {
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  for await (const line of rawLines(source, options)) {
    const entry = parseEntry(line);
    if (entry === undefined || (options.sinceMs !== undefined && entry.atMs < options.sinceMs)) continue;
    const text = render(entry, options.timestamps);
    yield left < text.length ? text.subarray(0, left) : text;
    left -= text.length;
    if (left <= 0) return;
  }
}

async function* rawLines(source: LogSource, options: LogOptions): AsyncGenerator<Buffer> {
  let file = await open(source.path, 'r');
  let next: FileHandle | undefined;
  const changes = new Changes(source.path);
  try {
    let position = options.tailLines === undefined ? 0 : await tailOffset(file, options.tailLines);
    let rest: Buffer = Buffer.alloc(0);
    while (!source.signal.aborted) {
      const wasRunning = source.isRunning();
      const { buffer, bytesRead } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, position);
      position += bytesRead;
      const { lines, remainder } = split(Buffer.concat([rest, buffer.subarray(0, bytesRead)]));
      rest = remainder;
      yield* lines;
      if (bytesRead > 0) continue;
      if (!options.follow) return;
      if (next !== undefined) {
        await file.close();
        file = next;
        next = undefined;
        position = 0;
        rest = Buffer.alloc(0);
        continue;
      }
      // What was written to the old file until the new one stood there is read before it is left.
      next = await rotated(source.path, file);
      if (next !== undefined) continue;
      if (!wasRunning) return;
      await changes.next(source.signal);
    }
  } finally {
    changes.close();
    await Promise.all([file.close(), next?.close()]);
  }
}

function split(bytes: Buffer): { lines: Buffer[]; remainder: Buffer } {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  const remainder = bytes.subarray(start);
  return { lines, remainder: remainder.length > MAX_LINE_BYTES ? Buffer.alloc(0) : remainder };
}

/** The file that took this one's place: a log that has grown long is begun anew. */
async function rotated(path: string, file: FileHandle): Promise<FileHandle | undefined> {
  const [now, ours] = await Promise.all([stat(path).catch(() => undefined), file.stat()]);
  if (now === undefined || now.ino === ours.ino) return undefined;
  return open(path, 'r').catch(() => undefined);
}

/** Waits for something to happen in a log's directory. */
class Changes {
  readonly #watch: { close(): void };
  #wake: () => void = () => {};
  #happened = false;

  constructor(path: string) {
    this.#watch = watchDirectory(dirname(path), () => {
      this.#happened = true;
      this.#wake();
    });
  }

  async next(signal: AbortSignal): Promise<void> {
    if (!this.#happened && !signal.aborted) await this.#something(signal);
    this.#happened = false;
  }

  close(): void {
    this.#watch.close();
  }

  #something(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', this.#wake);
        resolve();
      };
      const timer = setTimeout(() => this.#wake(), LOOK_AGAIN_MS);
      signal.addEventListener('abort', this.#wake, { once: true });
    });
  }
}
