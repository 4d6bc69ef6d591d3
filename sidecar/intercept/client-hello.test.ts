import { once } from 'node:events';
import { createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { type ClientHello, MAX_HELLO_BYTES, readClientHello } from './client-hello.ts';

type Extension = readonly [kind: number, value: Buffer];

function prefixed(size: 1 | 2, bytes: Buffer): Buffer {
  const length = Buffer.alloc(size);
  length.writeUIntBE(bytes.length, 0, size);
  return Buffer.concat([length, bytes]);
}

function serverName(name: string): Extension {
  const entry = Buffer.concat([Buffer.from([0]), prefixed(2, Buffer.from(name, 'latin1'))]);
  return [0, prefixed(2, entry)];
}

function alpn(...protocols: string[]): Extension {
  return [16, prefixed(2, Buffer.concat(protocols.map((name) => prefixed(1, Buffer.from(name)))))];
}

function message(...extensions: Extension[]): Buffer {
  const list = extensions.map(([kind, value]) => Buffer.concat([Buffer.from([0, kind]), prefixed(2, value)]));
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    prefixed(1, Buffer.alloc(32, 1)),
    prefixed(2, Buffer.from([0x13, 0x01])),
    prefixed(1, Buffer.from([0])),
    prefixed(2, Buffer.concat(list)),
  ]);
  const head = Buffer.from([1, 0, 0, 0]);
  head.writeUIntBE(body.length, 1, 3);
  return Buffer.concat([head, body]);
}

/** The message in records of `sizes` bytes; the last one holds the rest. */
function records(bytes: Buffer, ...sizes: number[]): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    const piece = bytes.subarray(at, at + size);
    if (piece.length > 0) pieces.push(Buffer.from([22, 3, 1]), prefixed(2, piece));
    at += piece.length;
  }
  return Buffer.concat(pieces);
}

function read(bytes: Buffer): ReturnType<typeof readClientHello> {
  return readClientHello(bytes, bytes.length);
}

const HELLO = records(message(serverName('Shop.Example.com'), alpn('h2', 'http/1.1')));
const SAID: ClientHello = { serverName: 'shop.example.com', protocols: ['h2', 'http/1.1'] };

/** What Node's own client sends. */
async function realHello(options: { servername?: string; ALPNProtocols?: string[] }): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const client = connectTls({ host: '127.0.0.1', port, ...options }).on('error', () => {});
  const [socket] = await once(server, 'connection');
  const [bytes] = await once(socket, 'data');
  client.destroy();
  server.close();
  return bytes;
}

describe('a hello', () => {
  let real: Buffer;
  beforeAll(async () => {
    real = await realHello({ servername: 'shop.example.com', ALPNProtocols: ['h2', 'http/1.1'] });
  });

  test('of a real client tells name and protocols', () => {
    expect(read(real)).toEqual(SAID);
  });

  test.each<[string, Buffer, ClientHello]>([
    ['with both', HELLO, SAID],
    ['without a name', records(message(alpn('http/1.1'))), { serverName: '', protocols: ['http/1.1'] }],
    ['with a name only', records(message(serverName('a'))), { serverName: 'a', protocols: [] }],
    ['without either', records(message([10, Buffer.from([1, 2])])), { serverName: '', protocols: [] }],
    ['with more behind it', Buffer.concat([HELLO, Buffer.from('junk')]), SAID],
  ])('%s', (_, bytes, said) => {
    expect(read(bytes)).toEqual(said);
  });

  test('is the same however it is cut into records', () => {
    const whole = message(serverName('shop.example.com'), alpn('h2', 'http/1.1'));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 12 }), (sizes) => {
        expect(read(records(whole, ...sizes))).toEqual(SAID);
      }),
    );
  });

  test('wants more until its last byte, wherever it is cut', () => {
    for (const bytes of [HELLO, real]) {
      for (let length = 0; length < bytes.length; length++) {
        expect(readClientHello(bytes, length)).toBe('more');
      }
      expect(read(bytes)).toEqual(SAID);
    }
  });
});

describe('no hello', () => {
  const changed = (at: number, ...octets: number[]): Buffer => {
    const bytes = Buffer.from(HELLO);
    bytes.set(octets, at);
    return bytes;
  };

  test.each<[string, Buffer]>([
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['one other byte', Buffer.from('x')],
    ['another record', changed(0, 23)],
    ['another version', changed(1, 2)],
    ['an empty record', changed(3, 0, 0)],
    ['a record that is too long', changed(3, 0x40, 0x01)],
    ['another message', changed(5, 2)],
    ['a message that is too long', changed(6, 1, 0, 0)],
    ['a session that is too long', changed(43, 33)],
    ['a name beyond its extension', records(message([0, Buffer.from([0, 4, 0, 0, 9, 97])]))],
    ['a name with a space', records(message(serverName('a b')))],
    ['an empty name', records(message(serverName('')))],
    ['two lists of names', records(message(serverName('a'), serverName('b')))],
    ['no protocol', records(message(alpn()))],
    ['an empty protocol', records(message(alpn('h2', '')))],
    ['records that never come to an end', Buffer.concat(Array(3000).fill(Buffer.from([22, 3, 1, 0, 1, 1])))],
  ])('%s', (_, bytes) => {
    expect(read(bytes)).toBe('not-tls');
  });

  test('in records of one byte each costs no more for each read than its length', () => {
    const count = Math.floor(MAX_HELLO_BYTES / 6);
    const head = [1, 0, count >> 8, count & 255];
    const bytes = Buffer.concat(
      Array.from({ length: count }, (_, i) => Buffer.from([22, 3, 1, 0, 1, head[i] ?? 0])),
    );
    const concat = vi.spyOn(Buffer, 'concat');
    for (let length = 1; length <= bytes.length; length += 100)
      expect(readClientHello(bytes, length)).toBe('more');
    expect(concat).not.toHaveBeenCalled();
    concat.mockRestore();
  });

  test('whatever comes, it is judged without a throw, and at last for good', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.nat({ max: HELLO.length - 1 }),
        (noise, at) => {
          const bytes = Buffer.from(HELLO);
          bytes.set(noise.subarray(0, bytes.length - at), at);
          read(bytes);
          const endless = Buffer.concat([bytes, Buffer.alloc(MAX_HELLO_BYTES, noise)]);
          expect(read(endless)).not.toBe('more');
        },
      ),
    );
  });
});
