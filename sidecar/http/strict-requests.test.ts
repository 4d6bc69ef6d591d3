/** Requests through a sidecar: what the upstream sees of them, byte by byte, and what their sender hears. */
import { describe, expect, test } from 'vitest';
import { FakeCluster, FakeEndpoint, targetOf } from './testing/fakes.ts';
import { MessageReader } from './testing/message-reader.ts';
import { type Client, startRawServer, startSidecar } from './testing/sidecar-under-test.ts';

interface Row {
  readonly why: string;
  readonly bytes: string;
  /** Whole requests as they reach the upstream, without the lines that this proxy adds. */
  readonly upstream: readonly string[];
  /** Status of each answer. */
  readonly answers: readonly number[];
  /** The connection is closed behind the last answer. */
  readonly ends?: boolean;
}

const GET = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n';
const NEXT = 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n';
const CHUNKS = '5;x=y\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n';
const CHUNKED = `POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKS}`;
const SIZED = 'POST /s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';

/** A request of these lines beside Host, and what is left of them upstream. */
function lines(why: string, sent: string, left: string): Row {
  const request = (some: string): string => `GET / HTTP/1.1\r\nHost: a\r\n${some}X: y\r\n\r\n`;
  return { why, bytes: request(sent) + NEXT, upstream: [request(left), NEXT], answers: [200, 200] };
}

/** A request that is refused, and takes all that is behind it along. */
function refused(why: string, bytes: string, status = 400): Row {
  return { why, bytes: bytes + NEXT, upstream: [], answers: [status], ends: true };
}

const PASSED: readonly Row[] = [
  { why: 'as it came', bytes: GET, upstream: [GET], answers: [200] },
  {
    why: 'pipelined, in order',
    bytes: GET + SIZED + CHUNKED + NEXT,
    upstream: [GET, SIZED, CHUNKED, NEXT],
    answers: [200, 200, 200, 200],
  },
  {
    why: 'empty lines before it stay here',
    bytes: `\r\n\r\n${GET}\r\n${NEXT}`,
    upstream: [GET, NEXT],
    answers: [200, 200],
  },
  {
    why: 'white space around values stays as it is',
    bytes: 'GET / HTTP/1.1\r\nHost:a\r\nX: \t y \r\n\r\n',
    upstream: ['GET / HTTP/1.1\r\nHost:a\r\nX: \t y \r\n\r\n'],
    answers: [200],
  },
  {
    why: 'absolute form in origin form, with its own host',
    bytes: `GET http://b:81/p?q HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n${NEXT}`,
    upstream: ['GET /p?q HTTP/1.1\r\nX: y\r\nhost: b:81\r\n\r\n', NEXT],
    answers: [200, 200],
  },
  {
    why: 'absolute form without a path',
    bytes: 'GET http://b?q HTTP/1.1\r\nHost: a\r\n\r\n',
    upstream: ['GET /?q HTTP/1.1\r\nhost: b\r\n\r\n'],
    answers: [200],
  },
  {
    why: 'HTTP/1.0 as HTTP/1.1, with a Host',
    bytes: `GET / HTTP/1.0\r\n\r\n${NEXT}`,
    upstream: ['GET / HTTP/1.1\r\nhost: 10.96.0.10:80\r\n\r\n'],
    answers: [200],
    ends: true,
  },
  {
    why: 'HTTP/1.0 that asks to stay',
    bytes: `GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n${NEXT}`,
    upstream: ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', NEXT],
    answers: [200, 200],
  },
  {
    why: 'close ends it, whatever else is asked',
    bytes: `GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n${NEXT}`,
    upstream: ['GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    answers: [200],
    ends: true,
  },
  lines(
    'lines of the hop',
    'Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nProxy-Connection: close\r\nTE: trailers\r\nTrailer: X\r\n',
    '',
  ),
  lines('lines that Connection names', 'X-Hop: 1\r\nConnection: x-hop, x-none\r\nx-HOP: 2\r\n', ''),
  lines(
    'lines that a second Connection names',
    'Connection: keep-alive\r\nConnection: X-Hop\r\nX-Hop: 1\r\n',
    '',
  ),
  lines('an upgrade that Connection does not name', 'Upgrade: websocket\r\n', ''),
  lines(
    'an upgrade to HTTP/2',
    'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n',
    '',
  ),
  lines('an upgrade to HTTP/2 behind another', 'Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n', ''),
  lines('an expectation that is not ours to meet', 'Expect: 200-ok\r\n', 'Expect: 200-ok\r\n'),
  lines('names with underscores', 'X_Forwarded_For: b\r\n', 'X_Forwarded_For: b\r\n'),
  lines('obs-text', 'X-A: \xe9\r\n', 'X-A: \xe9\r\n'),
];

const post = (some: string, body = ''): string => `POST / HTTP/1.1\r\nHost: a\r\n${some}\r\n${body}`;
const TE = 'Transfer-Encoding: chunked\r\n';
const ATTACK = 'GET /admin HTTP/1.1\r\nHost: b\r\n\r\n';

const REFUSED: readonly Row[] = [
  refused('a length beside chunks (CL.TE)', post(`Content-Length: 6\r\n${TE}`, `0\r\n\r\n${ATTACK}`)),
  refused('chunks beside a length (TE.CL)', post(`${TE}Content-Length: 4\r\n`, `5c\r\n${ATTACK}0\r\n\r\n`)),
  refused(
    'chunks that hide from one of two (TE.TE)',
    post('Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n', `0\r\n\r\n${ATTACK}`),
  ),
  refused('chunks that hide behind a tab', post('Transfer-Encoding:\tchunked\r\n', `0\r\n\r\n${ATTACK}`)),
  refused(
    'chunks that hide in an unknown coding',
    post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${ATTACK}`),
  ),
  refused('chunks of HTTP/1.0', `POST / HTTP/1.0\r\nHost: a\r\n${TE}\r\n0\r\n\r\n${ATTACK}`),
  refused('two lengths', post('Content-Length: 0\r\nContent-Length: 5\r\n', ATTACK)),
  refused('a signed length', post('Content-Length: +0\r\n', ATTACK)),
  refused('a length with an underscore', post('Content_Length: 5\r\n', 'hello')),
  refused('a bare LF that would start a line', post('X: y\nContent-Length: 5\r\n', 'hello')),
  refused('a bare CR that would start a line', post('X: y\rContent-Length: 5\r\n', 'hello')),
  refused('a folded line', post('X: y\r\n z\r\n')),
  refused('a space before the colon', post('Content-Length : 5\r\n', 'hello')),
  refused('an extension that ends in LF', post(TE, `5;\nhello\r\n0\r\n\r\n${ATTACK}`)),
  refused('a chunk size with a sign', post(TE, '+5\r\nhello\r\n0\r\n\r\n')),
  refused('a chunk that is longer than it says', post(TE, '5\r\nhello!\r\n0\r\n\r\n')),
  refused('a trailer that is a length', post(TE, '0\r\nContent-Length: 5\r\n\r\n')),
  refused('two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'),
  refused('a host with user information', 'GET / HTTP/1.1\r\nHost: a@b\r\n\r\n'),
  refused('a port that is none', 'GET / HTTP/1.1\r\nHost: a:80x\r\n\r\n'),
  refused(
    'a Connection that names the length',
    post('Connection: content-length\r\nContent-Length: 5\r\n', 'hello'),
  ),
  refused('a Connection that names who asks', post('Connection: authorization\r\nAuthorization: x\r\n')),
  refused('a fragment', 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n'),
  refused('HTTP/0.9', 'GET /\r\n'),
  refused('CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', 405),
  refused('a method without end', `${'M'.repeat(100)} / HTTP/1.1\r\nHost: a\r\n\r\n`, 501),
  refused('HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505),
  refused('empty lines without end', '\r\n'.repeat(100)),
];

/** Answers each whole request, and keeps its bytes. */
function recorder(): { seen: string[]; onData: (client: Client) => void } {
  const seen: string[] = [];
  const onData = (client: Client): void => {
    const reader = new MessageReader('request');
    reader.feed(Buffer.from(client.text, 'latin1'));
    const ends = reader.messages.filter(({ complete }) => complete).map(({ end }) => end);
    for (const [i, end] of ends.entries()) {
      seen.push(client.text.slice(i === 0 ? 0 : ends[i - 1], end));
      client.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    }
    client.text = client.text.slice(ends.at(-1) ?? 0);
  };
  return { seen, onData };
}

const ADDED =
  /^(?:x-request-id|traceparent|x-forwarded-proto|x-envoy-peer-metadata|x-envoy-attempt-count): .*\r\n/gim;
const statuses = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code));

describe.each([
  ['passes', PASSED],
  ['refuses', REFUSED],
])('a sidecar %s', (_, rows) => {
  test.each(rows)('$why', async ({ bytes, upstream, answers, ends }) => {
    const { seen, onData } = recorder();
    await using app = await startRawServer(onData);
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
    );
    const client = sidecar.connect();
    client.send(bytes);
    if (ends === true) await client.untilEnd();
    else await client.until((text) => statuses(text).length >= answers.length);
    expect(statuses(client.text)).toEqual(answers);
    expect(seen.map((text) => text.replace(ADDED, ''))).toEqual(upstream);
    expect(app.accepted.map(({ text }) => text).join('')).not.toContain('/admin');
    if (ends === true) return;
    client.text = '';
    client.send('GET /probe HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until((text) => text.endsWith('ok'));
    expect(seen.at(-1)).toMatch(/^GET \/probe HTTP\/1\.1\r\n/);
  });
});
