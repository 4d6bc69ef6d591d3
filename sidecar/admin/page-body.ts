/**
 * Long pages are made on the thread that carries the traffic: so they are made in turns of the event loop, and packed,
 * which happens on another thread, where they are long enough to matter and the reader takes that.
 */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Characters that are made in one turn, in a fraction of a millisecond. */
const TURN = 64 * 1024;
/** Packing takes a few hundred KiB of memory meanwhile. What is shorter than this is sent as it is. */
const WORTH_PACKING = 256 * 1024;

/** The same text in longer pieces, with room for other work between them. */
export async function* inTurns(pieces: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string> {
  let chunk = '';
  for await (const piece of pieces) {
    chunk += piece;
    if (chunk.length < TURN) continue;
    yield chunk;
    chunk = '';
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (chunk !== '') yield chunk;
}

/** Sends a page whose head is set but for its encoding. Rejects when it could not be sent whole. */
export async function sendPacked(response: ServerResponse, page: AsyncIterable<string>): Promise<void> {
  const pieces = page[Symbol.asyncIterator]();
  let start = '';
  while (start.length < WORTH_PACKING) {
    const { done, value } = await pieces.next();
    if (done === true) {
      response.end(start);
      return;
    }
    start += value;
  }
  const whole = Readable.from(chain(start, pieces));
  if (!takesGzip(response.req.headers['accept-encoding'])) return pipeline(whole, response);
  const { constants, createGzip } = await import('node:zlib');
  response.setHeader('content-encoding', 'gzip');
  return pipeline(whole, createGzip({ level: constants.Z_BEST_SPEED }), response);
}

async function* chain(start: string, rest: AsyncIterator<string>): AsyncGenerator<string> {
  yield start;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** RFC 9110, section 12.5.3. */
function takesGzip(accepted: string | string[] | undefined): boolean {
  return String(accepted ?? '')
    .split(',')
    .some((coding) => {
      const [name = '', ...parameters] = coding.split(';').map((word) => word.trim().toLowerCase());
      const isRefused = parameters.some((word) => word.startsWith('q=') && Number(word.slice(2)) === 0);
      return (name === 'gzip' || name === 'x-gzip') && !isRefused;
    });
}
