/** However the bytes of a connection are cut into reads, what comes of them is the same. */
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FakeCluster, FakeEndpoint, targetOf } from './testing/fakes.ts';
import { mutation } from './testing/raw-heads.ts';
import { startRawServer, startSidecar } from './testing/sidecar-under-test.ts';

/** Writes `text` in pieces that end at `cuts`, each on its way before the next. */
async function sendInPieces(socket: Socket, text: string, cuts: readonly number[]): Promise<void> {
  const ends = [...new Set([...cuts.map((cut) => cut % (text.length + 1)), text.length])].sort(
    (a, b) => a - b,
  );
  let at = 0;
  for (const end of ends) {
    if (socket.destroyed) return;
    if (end > at)
      await new Promise<void>((resolve) => socket.write(text.slice(at, end), 'latin1', () => resolve()));
    await new Promise((resolve) => setImmediate(resolve));
    at = end;
  }
}

const cuts = fc.array(fc.nat(), { maxLength: 10 });
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** What is the same for every run: dates, identifiers and ports are not. */
function comparable(text: string): string {
  return text.replace(/date: [^\r]*\r\n/g, '').replace(/127\.0\.0\.1:\d+/g, 'ADDRESS');
}

const answers = (text: string): string[] => text.split(/(?=HTTP\/1\.1 )/);

/**
 * When the damage is in a body and comes after the head of its request was answered (503: there is no endpoint), that
 * answer stands instead of the 400, and it is the last one all the same.
 */
function answeredBeforeTheDamage(cut: string, whole: string): boolean {
  const [some, all] = [answers(cut), answers(whole)];
  return (
    some.length === all.length &&
    some.slice(0, -1).join('') === all.slice(0, -1).join('') &&
    some.at(-1)?.startsWith('HTTP/1.1 503 ') === true &&
    all.at(-1)?.startsWith('HTTP/1.1 400 ') === true
  );
}

describe('any split into reads', () => {
  test('of requests, good or damaged, gives the same answers', async () => {
    const request = fc.constantFrom(
      'GET /a HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n',
      'POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
      'PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nA: b\r\n\r\n',
      'GET http://b/d HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, x\r\nX: 1\r\n\r\n',
    );
    const last = 'GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    const bytes = fc
      .tuple(fc.array(request, { maxLength: 3 }), fc.array(mutation, { maxLength: 1 }))
      .map(([requests, mutations]) =>
        mutations.reduce((text, mutate) => mutate(text), requests.join('') + last),
      );
    await using sidecar = await startSidecar(targetOf({ cluster: new FakeCluster() }));
    const ask = async (text: string, at: readonly number[]): Promise<string> => {
      const client = sidecar.connect();
      await sendInPieces(client.socket, text, at);
      client.socket.end();
      return comparable(await client.untilEnd());
    };
    await fc.assert(
      fc.asyncProperty(bytes, cuts, async (text, at) => {
        const whole = await ask(text, []);
        const cut = await ask(text, at);
        if (!answeredBeforeTheDamage(cut, whole)) expect(cut).toBe(whole);
      }),
      { numRuns: 150 },
    );
  });

  test('of a response gives the same response', async () => {
    const response = fc.constantFrom(
      'HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX: 1\r\n\r\nhello world',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nA: b\r\n\r\n',
      'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 Not Found\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nno',
      'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
    );
    let pieces: { text: string; at: readonly number[] } = { text: OK, at: [] };
    await using app = await startRawServer((client) => {
      if (!client.text.endsWith('\r\n\r\n')) return;
      client.text = '';
      void sendInPieces(client.socket, pieces.text, pieces.at);
    });
    await using sidecar = await startSidecar(
      targetOf({ cluster: new FakeCluster(new FakeEndpoint(app.port)) }),
    );
    const ask = async (text: string, at: readonly number[]): Promise<string> => {
      pieces = { text, at };
      const client = sidecar.connect();
      client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      return comparable(await client.untilEnd());
    };
    await fc.assert(
      fc.asyncProperty(response, cuts, async (text, at) => {
        const whole = await ask(text, []);
        const cut = await ask(text, at);
        if (text.endsWith('zz')) expect(['', whole]).toContain(cut.replace(/^HTTP\/1\.1 200 [\s\S]*/, ''));
        else expect(cut).toBe(whole);
      }),
      { numRuns: 150 },
    );
  });
});
