/** Requests as clients write them, drawn by chance; each carries an identity that its answer must repeat. */
import type { Random } from '#api/foundation/random.ts';
import { below, pick } from './dice.ts';
import type { Asked } from './http-client.ts';

let made = 0;

/** Ends in a digit of base 36, by which routes and bodies differ. */
function newId(): string {
  made += 1;
  return `q${made.toString(36).padStart(6, '0')}`;
}

export interface Wish {
  readonly account: string;
  /** `Host`; the account when absent. */
  readonly host?: string;
  readonly method?: string;
  readonly path?: string;
  readonly minor?: 0 | 1;
  readonly lines?: readonly string[];
  readonly body?: Buffer;
  readonly chunked?: boolean;
}

export function ask(wish: Wish): Asked {
  const { account, method = 'GET', path = '/', minor = 1, lines = [], body, chunked = false } = wish;
  const id = newId();
  const framing =
    body === undefined ? [] : [chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`];
  const head = Buffer.from(
    `${method} ${path} HTTP/1.${minor}\r\n${[`Host: ${wish.host ?? account}`, `x-id: ${id}`, ...framing, ...lines].join('\r\n')}\r\n\r\n`,
  );
  const rest = body === undefined ? [] : chunked ? inChunks(body) : [body];
  return { account, method, bytes: Buffer.concat([head, ...rest]), headBytes: head.length, id };
}

const CHUNK_BYTES = 7_000;

function inChunks(body: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length; at += CHUNK_BYTES) {
    const chunk = body.subarray(at, at + CHUNK_BYTES);
    pieces.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  }
  return [...pieces, Buffer.from('0\r\n\r\n')];
}

const BODY = Buffer.alloc(1024 * 1024, 'upload ');

function size(random: Random): number {
  const most = pick(random, [0, 100, 2_000, 2_000, 20_000, 20_000, 100_000, random() < 0.1 ? 2_000_000 : 10]);
  return below(random, most + 1);
}

function upload(random: Random): Buffer {
  return BODY.subarray(
    0,
    below(random, pick(random, [1, 100, 5_000, 100_000, random() < 0.1 ? 1_000_000 : 10])),
  );
}

/** Any well-formed request. */
export function drawRequest(account: string, random: Random): Asked {
  const delay = pick(random, [0, 0, 0, below(random, 30)]);
  const path = `/?size=${size(random)}&how=${pick(random, ['length', 'length', 'chunked', 'close'])}&delay=${delay}`;
  const deadline = random() < 0.1 ? ['x-envoy-expected-rq-timeout-ms: 15000'] : [];
  return pick(random, [
    () => ask({ account, path, lines: deadline }),
    () => ask({ account, path, lines: deadline }),
    () => ask({ account, path }),
    () => ask({ account, path, method: 'HEAD' }),
    () => ask({ account, path, lines: ['Connection: close'] }),
    () => ask({ account, path: path.replace('chunked', 'length'), minor: 0 }),
    () => ask({ account, path, minor: 0, lines: ['Connection: keep-alive'] }),
    () => ask({ account, path, method: 'POST', body: upload(random) }),
    () => ask({ account, path, method: 'PUT', body: upload(random), chunked: true }),
    () => ask({ account, path: `${path}&status=${pick(random, [204, 304, 404, 201])}` }),
  ])();
}

/** Short, so that several can be written before the first is answered, and none ends the connection. */
export function drawPipelined(account: string, random: Random): Asked {
  const path = `/?size=${below(random, 3_000)}`;
  return pick(random, [
    () => ask({ account, path }),
    () => ask({ account, path, method: 'HEAD' }),
    () => ask({ account, path, method: 'POST', body: upload(random).subarray(0, 4_000) }),
  ])();
}

/** The head, or what stands in its place, of requests that must be refused. */
const MALFORMED: readonly string[] = [
  'GET / HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'GET  / HTTP/1.1\r\nHost: a\r\n\r\n',
  'G(T / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET / HTTP/1.1\r\nHost : a\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nx: \0\r\n\r\n',
  `GET /${'x'.repeat(40_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: a\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: a\r\n${'x: y\r\n'.repeat(150)}\r\n`,
];

/** A request that is answered by a refusal, and counted under no service. */
export function drawMalformed(random: Random): Asked {
  const bytes = Buffer.from(pick(random, MALFORMED), 'latin1');
  return { account: 'unknown', method: 'GET', bytes, headBytes: bytes.length, id: newId() };
}

/** What a rule answers by itself, and what no route is for. */
export function drawRuled(random: Random): Asked {
  const rule = pick(random, ['/direct', '/redirect']);
  return pick(random, [
    () => ask({ account: 'unknown', host: 'steady', path: rule }),
    () => ask({ account: 'unknown', host: 'nobody' }),
  ])();
}
