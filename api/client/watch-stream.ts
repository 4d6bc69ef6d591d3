import { WeftError } from '#api/foundation/errors.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import { ApiError, type Status, type WatchEvent } from './client.ts';

/** A watch event is one object; objects are at most a few MiB, so a longer line is a broken or hostile peer. */
export const MAX_LINE_BYTES = 8 * 1024 * 1024;

const NEWLINE = 0x0a;

/** Splits a byte stream into lines without the newline; the empty ones are left out. Bytes of an unfinished last line are dropped. */
export async function* lines(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of source) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      refuseBeyond(held + end - start, maxBytes);
      const line = Buffer.concat([...parts, chunk.subarray(start, end)]).toString('utf8');
      [parts, held, start] = [[], 0, end + 1];
      if (line.trim() !== '') yield line;
    }
    held += chunk.length - start;
    refuseBeyond(held, maxBytes);
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
}

function refuseBeyond(bytes: number, limit: number): void {
  if (bytes > limit)
    throw new WeftError('WatchBroken', `the server sent a watch event of more than ${limit} bytes`);
}

/**
 * One line of a Kubernetes watch. Throws the ApiError that an `ERROR` event carries (410 `Expired` when the watch
 * fell behind), and a WeftError `WatchBroken` for what is no watch event.
 */
export function parseWatchEvent<T extends KubeObject>(line: string): WatchEvent<T> {
  const event = parse(line) as { type?: unknown; object?: unknown } | null;
  const object = event?.object;
  if (typeof object !== 'object' || object === null) throw broken();
  switch (event?.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type: event.type, object: object as Stored<T> };
    case 'BOOKMARK':
      return { type: 'BOOKMARK', resourceVersion: versionOf(object) };
    case 'ERROR':
      throw new ApiError(object as Status);
    default:
      throw broken();
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw broken(cause);
  }
}

function versionOf(object: object): string {
  const version = (object as { metadata?: { resourceVersion?: unknown } }).metadata?.resourceVersion;
  if (typeof version !== 'string') throw broken();
  return version;
}

function broken(cause?: unknown): WeftError {
  return new WeftError('WatchBroken', 'the server sent something that is no watch event', { cause });
}
