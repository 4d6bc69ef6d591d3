/**
 * Answers put together at random from pieces of good and bad ones: what the client gets is what the codec judges them to
 * be, and nothing of them reaches those who come next.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeCluster, FakeEndpoint, targetOf } from '#sidecar/http/testing/fakes.ts';
import { type Reading, readMessages } from '#sidecar/http/testing/message-reader.ts';
import { type Client, startRawServer, startSidecar } from '#sidecar/http/testing/sidecar-under-test.ts';
import { readAnswers } from './answers.ts';
import { head } from './payload.ts';

const GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood';

const statusLine = fc.constantFrom(
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.0 200 OK\r\n',
  'HTTP/1.1 204 No Content\r\n',
  'HTTP/1.1 304 Not Modified\r\n',
  'HTTP/1.1 100 Continue\r\n',
  'HTTP/1.1 103 Early Hints\r\n',
  'HTTP/1.1 101 Switching Protocols\r\n',
  'HTTP/1.1 404 Not Found\r\n',
  'HTTP/1.1 200 OK\n',
  'HTTP/2 200\r\n',
);

const field = fc.constantFrom(
  'X-A: b\r\n',
  'Content-Length: 0\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: 40\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip\r\n',
  'Connection: close\r\n',
  'Connection: content-length\r\n',
  'Keep-Alive: timeout=1\r\n',
  'X: y\nZ: 1\r\n',
  ' folded\r\n',
);

const body = fc.constantFrom(
  '',
  '',
  'hello',
  'hello',
  '5\r\nhello\r\n0\r\n\r\n',
  '5\r\nhello\r\n',
  '0\r\nX-T: u\r\n\r\n',
  '5\nhello\n0\n\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison',
);

const answer = fc
  .tuple(
    statusLine,
    fc.array(field, { maxLength: 3 }),
    fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', ''),
    body,
  )
  .map(([line, fields, empty, content]) => `${line}${fields.join('')}${empty}${content}`);
const answers = fc.array(answer, { minLength: 1, maxLength: 3 }).map((all) => all.join(''));

type Method = 'GET' | 'HEAD';

/** What a client may see: a final answer, one in its place, or a reset; `broken`: one of the last two, as the reads fall. */
type Judged = { readonly status: string; readonly content: string } | 'replaced' | 'reset' | 'broken';

function judge({ messages, standing }: Reading): Judged {
  const final = messages.find(({ start }) => start >= '200');
  if (final?.complete === true) return { status: final.start, content: final.content };
  const isSwitch = messages.some(({ start }) => start === '101');
  if (final === undefined || isSwitch) return 'replaced';
  return standing === 'refused' ? 'broken' : 'reset';
}

test('nothing of an answer that is none reaches anybody', async () => {
  let bytes = '';
  let isHostile = false;
  await using app = await startRawServer((connection) => {
    if (!connection.text.includes('\r\n\r\n')) return;
    connection.text = '';
    if (isHostile) connection.socket.end(bytes, 'latin1');
    else connection.send(GOOD);
    isHostile = false;
  });
  await using sidecar = await startSidecar(
    targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
  );
  await fc.assert(
    fc.asyncProperty(answers, fc.constantFrom<Method>('GET', 'HEAD'), async (text, method) => {
      bytes = text;
      isHostile = true;
      const client = sidecar.connect();
      client.send(`${method} / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n`);
      await client.untilEnd();
      expectJudged(
        client,
        judge(readMessages(method === 'HEAD' ? 'response to HEAD' : 'response', text)),
        method,
      );
      const next = sidecar.connect();
      next.send(head('GET /next'));
      expect(await next.response()).toBe(GOOD);
      next.socket.destroy();
    }),
    { numRuns: Number(process.env['WEFT_FUZZ_RUNS'] ?? 600) },
  );
});

function expectJudged(client: Client, judged: Judged, method: Method): void {
  const { answers: got, rest } = readAnswers(client.text, () => method === 'HEAD');
  const seen = got.map(({ status, body: content }) => ({ status: String(status), content }));
  const isReset = client.error?.message.includes('ECONNRESET') === true;
  if (judged === 'reset' || (judged === 'broken' && isReset)) {
    expect(isReset).toBe(true);
    expect(seen).toEqual([]);
    return;
  }
  expect(rest).toBe('');
  if (typeof judged === 'object') expect(seen).toEqual([judged]);
  else expect(seen.map(({ status }) => status)).toEqual([expect.stringMatching(/^50[23]$/)]);
}
