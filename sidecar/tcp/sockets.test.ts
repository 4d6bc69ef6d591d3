import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Client } from '#sidecar/http/testing/sidecar-under-test.ts';
import { adopt, chooseReadMode, type ReadMode, SERVER_OPTIONS } from './sockets.ts';
import type { Wire } from './wire.ts';

interface Pair extends AsyncDisposable {
  readonly client: Client;
  readonly wire: Wire;
  readonly events: string[];
  connections(): Promise<number>;
}

async function pair(mode: ReadMode): Promise<Pair> {
  const server = createServer(SERVER_OPTIONS);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const client = new Client(
    connect({ port: (server.address() as { port: number }).port, host: '127.0.0.1', allowHalfOpen: true }),
  );
  const events: string[] = [];
  const wire = adopt(((await accepted) as [Socket])[0], mode);
  wire.reader = {
    onBytes: (bytes, length) => void events.push(bytes.toString('latin1', 0, length)),
    onEnd: () => void events.push('end'),
    onDrain: () => void events.push('drain'),
    onClose: (error) => void events.push(error === undefined ? 'close' : `close: ${error.message}`),
  };
  return {
    client,
    wire,
    events,
    connections: () => new Promise((resolve) => server.getConnections((_, count) => resolve(count))),
    async [Symbol.asyncDispose]() {
      client.socket.destroy();
      wire.destroy();
      server.close();
    },
  };
}

test('accepted sockets can be read in place on this Node', async () => {
  expect(await chooseReadMode()).toBe('onread');
});

describe.each(['onread', 'data'] as const)('an adopted socket, %s', (mode) => {
  test('reads only when it is told to, and stops when it is told to', async () => {
    await using p = await pair(mode);
    p.client.send('one');
    await new Promise((resolve) => setImmediate(resolve));
    expect(p.events).toEqual([]);
    p.wire.resume();
    await expect.poll(() => p.events, { interval: 1 }).toEqual(['one']);
    p.wire.pause();
    p.client.send('two');
    await new Promise((resolve) => setImmediate(resolve));
    expect(p.events).toEqual(['one']);
    p.wire.resume();
    await expect.poll(() => p.events, { interval: 1 }).toEqual(['one', 'two']);
  });

  test('passes ends on each side alone, then closes', async () => {
    await using p = await pair(mode);
    p.wire.resume();
    p.client.socket.end('bye');
    await expect.poll(() => p.events, { interval: 1 }).toEqual(['bye', 'end']);
    p.wire.sendOwned(Buffer.from('late'));
    p.wire.end();
    expect(await p.client.untilEnd()).toBe('late');
    await expect.poll(() => p.events, { interval: 1 }).toEqual(['bye', 'end', 'close']);
    expect(await p.connections()).toBe(0);
  });

  test('says when it is blocked, and when it no longer is', async () => {
    await using p = await pair(mode);
    p.client.socket.pause();
    const piece = Buffer.alloc(60_000, 'x');
    let sent = 0;
    while (!p.wire.blocked) {
      p.wire.sendCopy(piece, 0, piece.length);
      sent += piece.length;
    }
    expect(p.events).toEqual([]);
    p.client.socket.resume();
    await p.client.until((text) => text.length === sent);
    await expect.poll(() => p.events, { interval: 1 }).toEqual(['drain']);
    expect(/^x*$/.test(p.client.text)).toBe(true);
  });

  test('bytes that wait are not overwritten by later ones', async () => {
    await using p = await pair(mode);
    p.client.socket.pause();
    let expected = '';
    for (let i = 0; i < 400; i++) {
      const piece = Buffer.alloc(20_000, String.fromCharCode(97 + (i % 26)));
      p.wire.sendCopy(piece, 0, piece.length);
      expected += piece.toString('latin1');
    }
    p.client.socket.resume();
    await p.client.until((text) => text.length === expected.length);
    expect(p.client.text === expected).toBe(true);
  });

  test('reports a reset with its error, and resets', async () => {
    await using p = await pair(mode);
    p.wire.resume();
    p.client.socket.resetAndDestroy();
    await expect.poll(() => p.events, { interval: 1 }).toEqual(['close: read ECONNRESET']);
    await using q = await pair(mode);
    q.wire.resume();
    q.wire.reset();
    await q.client.untilEnd();
    expect(q.client.error).toMatchObject({ code: 'ECONNRESET' });
  });
});

test('writes of a busy turn, and the end after them, come in order', async () => {
  await using p = await pair('onread');
  await using q = await pair('onread');
  const sent = Array.from({ length: 200 }, (_, i) => `${i} `);
  for (const text of sent) {
    p.wire.sendCopy(Buffer.from(text), 0, text.length);
    q.wire.sendCopy(Buffer.from(text), 0, text.length);
  }
  p.wire.end();
  expect(await p.client.untilEnd()).toBe(sent.join(''));
  expect(await q.client.until((text) => text.endsWith('199 '))).toBe(sent.join(''));
});
