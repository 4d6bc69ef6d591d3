/** Reads the body of a request to a receiver within what all requests together may take, and unpacks it. */
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { LIMITS } from '../limits.ts';
import type { Intake } from './intake.ts';

export type Body =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'too-long' }
  | { readonly kind: 'no-room' }
  /** The peer went away, or was too slow. */
  | { readonly kind: 'broken' };

/**
 * The stream is left as it is when there is more than may be: its owner answers and ends it. The bytes stay accounted for
 * until the body is disposed of.
 */
export async function readBody(
  stream: Readable,
  intake: Intake,
  most: number = LIMITS.requestBytes,
): Promise<Body & Disposable> {
  const chunks: Buffer[] = [];
  let length = 0;
  const settle = (body: Body): Body & Disposable => ({
    ...body,
    [Symbol.dispose]: () => {
      intake.giveBack(length);
      length = 0;
    },
  });
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (length + chunk.length > most) return settle({ kind: 'too-long' });
      if (!intake.reserve(chunk.length)) return settle({ kind: 'no-room' });
      length += chunk.length;
      chunks.push(chunk);
    }
  } catch {
    return settle({ kind: 'broken' });
  }
  return settle({ kind: 'whole', bytes: Buffer.concat(chunks) });
}

/** Unpacks gzip as far as `most` bytes: a few kilobytes can unpack to gigabytes. */
export async function unzip(bytes: Buffer, intake: Intake): Promise<Body & Disposable> {
  const gunzip = createGunzip();
  gunzip.end(bytes);
  const body = await readBody(gunzip, intake);
  gunzip.destroy();
  return body;
}
