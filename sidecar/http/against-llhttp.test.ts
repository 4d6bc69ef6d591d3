/**
 * The scanner beside the parser that Node itself uses. Where both accept, they must agree on every boundary, for a
 * disagreement is what request smuggling is made of; where only ours refuses, it is stricter, which it may be; what
 * ours accepts, llhttp must accept too.
 */
import { once } from 'node:events';
import { createServer, METHODS, type Server } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Body } from './body.ts';
import { Head } from './head.ts';
import { scanRequest } from './scan-request.ts';
import { mutation, type RawHead, render, requestHead } from './testing/raw-heads.ts';

interface Message {
  readonly method: string;
  readonly target: string;
  readonly bodyBytes: number;
}

/** Messages up to the first fault or the end of the bytes. */
interface Parsed {
  readonly messages: readonly Message[];
  readonly refused: boolean;
}

/** As our codec reads a connection: message after message. Chunks count with their framing taken off. */
function parseOurs(text: string): Parsed {
  const bytes = Buffer.from(text, 'latin1');
  const messages: Message[] = [];
  const head = new Head();
  const body = new Body();
  for (let at = 0; at < bytes.length; ) {
    const end = scanRequest(bytes, at, bytes.length, head);
    if (end <= 0) return { messages, refused: end < 0 };
    let payload = 0;
    if (head.chunked) body.chunked();
    else body.length(Math.max(0, head.contentLength));
    const sink = {
      payload: (_: Buffer, from: number, to: number): void => {
        payload += to - from;
      },
    };
    const next = body.take(bytes, end, bytes.length, sink);
    if (next < 0) return { messages, refused: true };
    if (!body.done) return { messages, refused: false };
    messages.push({
      method: bytes.toString('latin1', head.start, head.methodEnd),
      target: bytes.toString('latin1', head.targetStart, head.targetEnd),
      bodyBytes: head.chunked ? payload : next - end,
    });
    if (head.close || (head.minor === 0 && !head.keepAlive)) break;
    at = next;
  }
  return { messages, refused: false };
}

let server: Server;
let seen: Message[] = [];
let port: number;

beforeAll(async () => {
  server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    const message = { method: request.method ?? '', target: request.url ?? '', bodyBytes: 0 };
    seen.push(message);
    request.on('data', (chunk: Buffer) => {
      message.bodyBytes += chunk.length;
    });
    request.on('end', () => response.end());
    request.on('error', () => {});
  });
  for (const event of ['upgrade', 'connect'] as const) server.on(event, (_, socket) => socket.destroy());
  server.on('clientError', (_, socket) => socket.end('HTTP/1.1 400 Refused\r\n\r\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as { port: number }).port;
});

afterAll(() => {
  server.close();
});

/** As Node's server reads the same bytes; the client ends its side so that the server's answer is final. */
async function parseNode(text: string): Promise<Parsed> {
  seen = [];
  const socket = connect({ port, host: '127.0.0.1' });
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  socket.end(text, 'latin1');
  await once(socket, 'close');
  return { messages: seen, refused: answer.includes('400 Refused') };
}

/** Up to the first that llhttp refuses on principle: it goes by a list of methods, and takes no UTF-8 in targets. */
function knownToNode(messages: readonly Message[]): readonly Message[] {
  const unknown = messages.findIndex((m) => !METHODS.includes(m.method) || /[^\x21-\x7e]/.test(m.target));
  return unknown < 0 ? messages : messages.slice(0, unknown);
}

const body = fc.constantFrom(
  { line: '', bytes: '' },
  { line: 'Content-Length: 5\r\n', bytes: 'hello' },
  { line: 'Transfer-Encoding: chunked\r\n', bytes: '5\r\nhello\r\n0\r\n\r\n' },
);

/** Lines that make Node answer in another way than by reading the next message. */
function ordinary(head: RawHead): RawHead {
  return {
    ...head,
    lines: head.lines.filter(({ name }) => !/^(upgrade|connection|proxy-connection|expect)$/i.test(name)),
  };
}

const request = fc.tuple(requestHead, body).map(([head, { line, bytes }]) => {
  const text = render(ordinary(head));
  return `${text.slice(0, -2)}${line}\r\n${bytes}`;
});

test('good requests mean the same to both', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 3 }), async (requests) => {
      const ours = parseOurs(requests.join(''));
      expect(ours.refused).toBe(false);
      expect(ours.messages).toHaveLength(requests.length);
      expect((await parseNode(requests.join(''))).messages).toEqual(ours.messages);
    }),
    { numRuns: 100 },
  );
});

test('what ours accepts of damaged requests means the same to llhttp', async () => {
  const damaged = fc
    .tuple(
      fc.array(request, { minLength: 1, maxLength: 2 }),
      fc.array(mutation, { minLength: 1, maxLength: 3 }),
    )
    .map(([requests, mutations]) => mutations.reduce((text, mutate) => mutate(text), requests.join('')));
  await fc.assert(
    fc.asyncProperty(damaged, async (text) => {
      const known = knownToNode(parseOurs(text).messages);
      const node = await parseNode(text);
      expect(node.messages.slice(0, known.length)).toEqual(known);
    }),
    { numRuns: Number(process.env['WEFT_FUZZ_RUNS'] ?? 400) },
  );
});
