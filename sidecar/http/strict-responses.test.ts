/** Responses through a sidecar: what the client gets of them, byte by byte, and what becomes of both connections. */
import { expect, test } from 'vitest';
import { FakeCluster, FakeEndpoint, targetOf } from './testing/fakes.ts';
import { startRawServer, startSidecar } from './testing/sidecar-under-test.ts';

interface Row {
  readonly why: string;
  readonly request: string;
  /** What the app answers, and whether it then ends its side. */
  readonly answer: string;
  readonly closes?: boolean;
  /** What the client gets: all of it, or the status of an answer in its place. */
  readonly client: string | 502 | 503;
  /** The client's connection is cut, so that nobody takes what came for complete. */
  readonly reset?: boolean;
  readonly flag?: string;
  /** The app's connection serves the next request. */
  readonly kept: boolean;
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const HEAD = 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n';
const OLD = 'GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n';
const WEBSOCKET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket, x/1\r\n\r\n';
const ok = (lines: string, body = ''): string => `HTTP/1.1 200 OK\r\n${lines}\r\n${body}`;
const SIZED = ok('Content-Length: 5\r\n', 'hello');
const TE = 'Transfer-Encoding: chunked\r\n';
const CHUNKS = '5;x=y\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n';
const POISON = ok('Content-Length: 6\r\n', 'poison');

const passed = (why: string, answer: string, client: string, more: Partial<Row> = {}): Row => ({
  why,
  request: GET,
  answer,
  client,
  kept: true,
  ...more,
});
const malformed = (why: string, answer: string, more: Partial<Row> = {}): Row => ({
  why,
  request: GET,
  answer,
  client: 502,
  flag: 'UPE',
  kept: false,
  ...more,
});
const switched = (lines: string): string => `HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`;

const ROWS: readonly Row[] = [
  passed('a length', SIZED, SIZED),
  passed('chunks, with extensions and trailers', ok(TE, CHUNKS), ok(TE, CHUNKS)),
  passed('chunks for HTTP/1.0, without them', ok(TE, CHUNKS), ok('connection: close\r\n', 'hello'), {
    request: OLD,
  }),
  passed('a length for HTTP/1.0', SIZED, ok('Content-Length: 5\r\nconnection: keep-alive\r\n', 'hello'), {
    request: OLD,
  }),
  passed(
    'a body until the end, in chunks',
    ok('', 'hello'),
    ok('transfer-encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'),
    { closes: true, kept: false },
  ),
  passed('HTTP/1.0 as HTTP/1.1', 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello', SIZED, { kept: false }),
  passed(
    'lines of the hop stay there',
    ok('Connection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=60\r\nContent-Length: 5\r\n', 'hello'),
    SIZED,
  ),
  passed('a connection that ends', ok('Connection: close\r\nContent-Length: 5\r\n', 'hello'), SIZED, {
    kept: false,
  }),
  passed('a HEAD with a length', ok('Content-Length: 5\r\n'), ok('Content-Length: 5\r\n'), { request: HEAD }),
  passed('a HEAD with a body all the same', SIZED, ok('Content-Length: 5\r\n'), {
    request: HEAD,
    kept: false,
  }),
  passed('a 204 with a length', 'HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n', 'HTTP/1.1 204 x\r\n\r\n'),
  passed('a 204 with a body', `HTTP/1.1 204 x\r\n${TE}\r\n0\r\n\r\n`, 'HTTP/1.1 204 x\r\n\r\n', {
    kept: false,
  }),
  passed(
    'a 304 with a length',
    'HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n',
    'HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n',
  ),
  passed(
    'informational responses',
    `HTTP/1.1 103 x\r\nLink: y\r\n\r\n${SIZED}`,
    `HTTP/1.1 103 x\r\nLink: y\r\n\r\n${SIZED}`,
  ),
  passed(
    'informational responses are not for HTTP/1.0',
    `HTTP/1.1 103 x\r\n\r\n${SIZED}`,
    ok('Content-Length: 5\r\nconnection: keep-alive\r\n', 'hello'),
    { request: OLD },
  ),
  passed('an answer that nobody asked for, behind one', SIZED + POISON, SIZED, { kept: false }),
  passed(
    'a switch to what was asked for',
    switched('Connection: upgrade\r\nUpgrade: X/1\r\n'),
    switched('Upgrade: X/1\r\nconnection: Upgrade\r\n'),
    { request: WEBSOCKET, flag: 'none', kept: false },
  ),
  malformed('a switch to what was not asked for', switched('Connection: upgrade\r\nUpgrade: h2c\r\n'), {
    request: WEBSOCKET,
  }),
  malformed('a switch to one of both', switched('Connection: upgrade\r\nUpgrade: websocket, h2c\r\n'), {
    request: WEBSOCKET,
  }),
  malformed('a switch to nothing', switched('Connection: upgrade\r\n'), { request: WEBSOCKET }),
  malformed('a switch that Connection says nothing of', switched('Upgrade: websocket\r\n'), {
    request: WEBSOCKET,
  }),
  malformed('a switch that nobody asked for', switched('Connection: upgrade\r\nUpgrade: websocket\r\n')),
  malformed('two lengths', ok('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello')),
  malformed('two equal lengths', ok('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello')),
  malformed('a length beside chunks', ok(`Content-Length: 5\r\n${TE}`, CHUNKS)),
  malformed('another coding', ok('Transfer-Encoding: gzip, chunked\r\n', CHUNKS)),
  malformed('a bare LF that would start a response', ok('X: y\nContent-Length: 5\r\n', 'hello')),
  malformed('a bare CR', ok('X: y\rZ: y\r\nContent-Length: 5\r\n', 'hello')),
  malformed('a folded line', ok('X: y\r\n z\r\nContent-Length: 5\r\n', 'hello')),
  malformed('a space before the colon', ok('Content-Length : 5\r\n', 'hello')),
  malformed('a bad chunk size in its first bytes', ok(TE, '+5\r\nhello\r\n0\r\n\r\n')),
  malformed('a bad head behind an informational one', `HTTP/1.1 103 x\r\n\r\nHTTP/1.1 2x0 OK\r\n\r\n`, {
    client: 502,
  }),
  { why: 'nothing', request: GET, answer: '', closes: true, client: 503, flag: 'UC', kept: false },
  {
    why: 'half of a head',
    request: GET,
    answer: 'HTTP/1.1 200 OK\r\nConte',
    closes: true,
    client: 502,
    flag: 'UC',
    kept: false,
  },
  {
    why: 'half of a body',
    request: GET,
    answer: ok('Content-Length: 9\r\n', 'hello'),
    closes: true,
    client: ok('Content-Length: 9\r\n', 'hello'),
    reset: true,
    flag: 'UC',
    kept: false,
  },
  {
    why: 'half of a chunk',
    request: GET,
    answer: ok(TE, '9\r\nhello'),
    closes: true,
    client: ok(TE, '9\r\nhello'),
    reset: true,
    flag: 'UC',
    kept: false,
  },
  {
    why: 'chunks without the last one',
    request: GET,
    answer: ok(TE, '5\r\nhello\r\n'),
    closes: true,
    client: ok(TE, '5\r\nhello\r\n'),
    reset: true,
    flag: 'UC',
    kept: false,
  },
  {
    why: 'chunks without the end of the trailers',
    request: GET,
    answer: ok(TE, '5\r\nhello\r\n0\r\nA: b\r\n'),
    closes: true,
    client: ok(TE, '5\r\nhello\r\n0\r\nA: b\r\n'),
    reset: true,
    flag: 'UC',
    kept: false,
  },
  {
    why: 'half of the chunks of HTTP/1.0',
    request: OLD,
    answer: ok(TE, '9\r\nhello'),
    closes: true,
    client: ok('connection: close\r\n', 'hello'),
    reset: true,
    flag: 'UC',
    kept: false,
  },
];

test.each(ROWS)('$why', async ({ request, answer, closes, client: expected, reset, flag, kept }) => {
  let asked = 0;
  await using app = await startRawServer((upstream) => {
    if (!upstream.text.endsWith('\r\n\r\n')) return;
    upstream.text = '';
    asked += 1;
    upstream.send(asked === 1 ? answer : SIZED);
    if (asked === 1 && closes === true) upstream.socket.end();
  });
  await using sidecar = await startSidecar(
    targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
  );
  const client = sidecar.connect();
  client.send(request);
  if (typeof expected === 'number') {
    const text = await client.until((so) =>
      new RegExp(`HTTP/1\\.1 ${expected} [\\s\\S]*\\r\\n\\r\\n.*\\n$`).test(so),
    );
    expect(text).not.toContain('hello');
  } else {
    await client.until((text) => text.length >= expected.length);
    if (reset === true) await client.untilEnd();
    expect(client.text).toBe(expected);
    expect(client.error === undefined).toBe(reset !== true);
  }
  if (flag === 'none') return;
  await expect.poll(() => sidecar.telemetry.requestsSeen.map((seen) => seen.flag)).toEqual([flag ?? '-']);
  const other = sidecar.connect();
  other.send(GET);
  expect(await other.response()).toBe(SIZED);
  expect(other.text).toBe('');
  expect(app.accepted).toHaveLength(kept ? 1 : 2);
});
