import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createOriginalDestinationReader, parseSockAddr } from './original-destination.ts';

function sockAddr(family: number, port: number, rest: readonly number[]): Buffer {
  const bytes = Buffer.alloc(28);
  bytes.writeUInt16LE(family, 0);
  bytes.writeUInt16BE(port, 2);
  Buffer.from(rest).copy(bytes, family === 2 ? 4 : 8);
  return bytes;
}

describe('original destination', () => {
  test.each([
    ['IPv4', sockAddr(2, 9080, [10, 96, 0, 10]), { address: '10.96.0.10', port: 9080 }],
    [
      'IPv6',
      sockAddr(10, 443, [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2]),
      { address: 'fd00::1:0:0:2', port: 443 },
    ],
    ['the IPv6 loopback', sockAddr(10, 80, [...Array(15).fill(0), 1]), { address: '::1', port: 80 }],
    ['another family', sockAddr(1, 80, []), undefined],
  ])('reads %s', (_, bytes, expected) => {
    expect(parseSockAddr(bytes)).toEqual(expected);
  });

  test('asks the kernel, and has no answer for a connection that was not redirected', async () => {
    const reader = await createOriginalDestinationReader();
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as { port: number }).port, '127.0.0.1');
    const [accepted] = (await once(server, 'connection')) as [Socket];
    const answer = reader.read(accepted);
    expect(answer === undefined || answer.address === '127.0.0.1').toBe(true);
    client.destroy();
    accepted.destroy();
    expect(reader.read(accepted)).toBeUndefined();
    server.close();
  });
});
