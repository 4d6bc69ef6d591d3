/**
 * The kernel tells of a reset once. When a write is what hears of it, the next read finds the end of the stream, as if the peer
 * had said all that it had to say.
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dial, SERVER_OPTIONS } from './sockets.ts';
import type { Wire } from './wire.ts';

const server = createServer(SERVER_OPTIONS);
let wire: Wire;
let peer: Socket;
let seen: string[];
let closed: Promise<void>;

beforeEach(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const words: string[] = [];
  seen = words;
  const accepted = once(server, 'connection');
  closed = new Promise((resolve) => {
    const reader = {
      onBytes: (bytes: Buffer, length: number) => words.push(bytes.toString('latin1', 0, length)),
      onEnd: () => words.push('end'),
      onDrain() {},
      onClose: (error: Error | undefined) => {
        words.push(error === undefined ? 'closed' : `broke: ${error.message}`);
        resolve();
      },
    };
    wire = dial({ address: '127.0.0.1', port, localAddress: undefined }, reader, () => {});
  });
  [peer] = (await accepted) as [Socket];
  if (wire.socket.connecting) await once(wire.socket, 'connect');
});

afterEach(() => {
  wire.destroy();
  server.close();
});

test('a reset that a write hears of is no end', async () => {
  peer.resetAndDestroy();
  wire.sendOwned(Buffer.from('more'));
  await closed;
  expect(seen).toEqual([expect.stringMatching(/^broke: write E(PIPE|CONNRESET)/)]);
});

test('what the peer said before it took no more is heard', async () => {
  await new Promise<void>((resolve) => peer.write('no, thank you', () => resolve()));
  peer.destroy();
  let over = false;
  void closed.then(() => {
    over = true;
  });
  while (!over) {
    wire.sendOwned(Buffer.from('more'));
    await new Promise(setImmediate);
  }
  expect([seen[0], seen.at(-1)]).toEqual(['no, thank you', expect.stringMatching(/^broke: write/)]);
});

test('an end without a failed write is an end', async () => {
  peer.end('bye');
  while (!seen.includes('end')) await new Promise(setImmediate);
  wire.end();
  await closed;
  expect(seen).toEqual(['bye', 'end', 'closed']);
});

test('an end that came before the reset is an end', async () => {
  await new Promise<void>((resolve) => peer.end('bye', () => resolve()));
  peer.destroy();
  wire.sendOwned(Buffer.from('to nobody'));
  wire.sendOwned(Buffer.from('more'));
  await closed;
  expect(seen).toEqual(['bye', 'end', 'broke: write EPIPE']);
});
