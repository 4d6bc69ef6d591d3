/** What leaves this proxy for bytes that came: composed and written as the data path does it, without sockets. */
import type { Wire } from '#sidecar/tcp/wire.ts';
import type { WriteBuffer } from '#sidecar/tcp/write-buffer.ts';
import { AddedLines, ENTROPY_BYTES } from '../added-lines.ts';
import { Body } from '../body.ts';
import { Head } from '../head.ts';
import { noteFor } from '../pass-response.ts';
import { RequestComposer } from '../request-composer.ts';
import { frameResponse } from '../response-shape.ts';
import { ResponseWriter } from '../response-writer.ts';
import { scanRequest } from '../scan-request.ts';
import { scanResponse } from '../scan-response.ts';
import type { Side } from './message-reader.ts';

const added = new AddedLines({
  peerMetadata: 'b3du',
  traceparent: true,
  entropy: () => Buffer.alloc(ENTROPY_BYTES, 0xc5),
});
const composer = new RequestComposer(added, { address: '10.0.0.1', port: 80 }, '10.0.0.1:80');

/** The bytes that go upstream (latin1), one string for each whole request in `text`, up to what is refused. */
export function forwardRequests(text: string): string[] {
  const bytes = Buffer.from(text, 'latin1');
  const head = new Head();
  const body = new Body();
  const sent: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const headEnd = scanRequest(bytes, at, bytes.length, head);
    if (headEnd <= 0) break;
    const last = head.close || (head.minor === 0 && !head.keepAlive);
    if (head.chunked) body.chunked();
    else body.length(Math.max(0, head.contentLength));
    at = body.take(bytes, headEnd, bytes.length);
    if (at < 0 || !body.done) break;
    const request = composer.compose(bytes, head, headEnd, at, true, undefined, undefined);
    sent.push(request.bytes.toString('latin1'));
    if (last) break;
  }
  return sent;
}

/** What a client of HTTP/1.`minor` gets (latin1) of the final response in `text`; undefined when that is not whole. */
export function forwardResponse(side: Side, text: string, minor: number): string | undefined {
  const bytes = Buffer.from(text, 'latin1');
  const head = new Head();
  const body = new Body();
  let at = 0;
  do {
    at = scanResponse(bytes, at, bytes.length, head);
    if (at <= 0 || head.status === 101) return undefined;
  } while (head.status < 200);
  frameResponse(body, head, side === 'response to HEAD');
  const out: Buffer[] = [];
  const writer = new ResponseWriter(collector(out));
  const ends = writer.choose(head, body, minor);
  const end = writer.first(bytes, head, noteFor(ends, minor), body, at, bytes.length);
  if (end < 0 || (!body.done && body.kind !== 'close')) return undefined;
  writer.last();
  return Buffer.concat(out).toString('latin1');
}

/** A wire that keeps what is written to it. */
function collector(out: Buffer[]): Wire {
  const wire = {
    blocked: false,
    send: (buffer: WriteBuffer, length: number): void => {
      out.push(Buffer.from(buffer.bytes.subarray(0, length)));
    },
    sendOwned: (bytes: Uint8Array): void => {
      out.push(Buffer.from(bytes));
    },
  };
  return wire as unknown as Wire;
}
