import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { silentLogger } from '#api/foundation/logger.ts';
import { type HttpServer, metrics, serve } from './http-server.ts';
import { inTurns } from './page-body.ts';

const LINE = `${'istio_requests_total{a="b"} 1'.padEnd(127, '0')}\n`;

let server: HttpServer | undefined;
afterEach(() => server?.close());

async function* lines(count: number): AsyncGenerator<string> {
  for (let i = 0; i < count; i += 1) yield LINE;
}

/** The answer as it came. */
async function ask(
  count: number,
  accepted: string | undefined,
): Promise<{ encoding: string; bytes: Buffer }> {
  server = await serve(
    { host: '127.0.0.1', port: 0 },
    { 'GET /metrics': () => metrics(lines(count)) },
    silentLogger,
  );
  const { port } = server;
  return new Promise((resolve, reject) => {
    const headers = accepted === undefined ? {} : { 'accept-encoding': accepted };
    request({ host: '127.0.0.1', port, path: '/metrics', headers, agent: false }, async (response) => {
      const bytes: Buffer[] = [];
      for await (const chunk of response) bytes.push(chunk);
      resolve({ encoding: response.headers['content-encoding'] ?? 'none', bytes: Buffer.concat(bytes) });
    })
      .on('error', reject)
      .end();
  });
}

const LONG = 10_000;
const ROWS: [string, number, string | undefined, string][] = [
  ['a short page is sent as it is', 100, 'gzip', 'none'],
  ['a long one is packed', LONG, 'gzip', 'gzip'],
  ['in any words for it', LONG, 'deflate, GZIP;q=0.5', 'gzip'],
  ['not for who takes something else', LONG, 'br, deflate', 'none'],
  ['not for who refuses it', LONG, 'gzip;q=0, *', 'none'],
  ['not for who does not say', LONG, undefined, 'none'],
];
test.each(ROWS)('%s', async (_, count, accepted, encoding) => {
  const answer = await ask(count, accepted);
  expect(answer.encoding).toBe(encoding);
  const page = encoding === 'gzip' ? gunzipSync(answer.bytes) : answer.bytes;
  expect(page.toString() === LINE.repeat(count)).toBe(true);
});

test('a long page leaves turns to the traffic', async () => {
  let [turns, over, sent] = [0, false, 0];
  const turn = (): void => {
    turns += 1;
    if (!over) setImmediate(turn);
  };
  turn();
  for await (const piece of inTurns(lines(LONG))) sent += piece.length;
  over = true;
  expect(sent).toBe(LINE.length * LONG);
  expect(turns).toBeGreaterThan(sent / 131_072);
});
