/** What one client does with one opaque connection. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Random } from '#api/foundation/random.ts';
import { sourceFor } from './destinations.ts';
import { below, pause, pick } from './dice.ts';
import type { World } from './http-client.ts';
import { TO } from './mesh-listeners.ts';
import type { Visit } from './visits.ts';

class TcpClient {
  readonly socket: Socket;
  received = 0;
  ended = false;
  readonly closed: Promise<void>;

  constructor(world: World, destination: number, direction: 'outbound' | 'inbound' = 'outbound') {
    const port = direction === 'outbound' ? world.outboundPort : world.inboundPort;
    this.socket = connect({
      host: '127.0.0.1',
      port,
      localAddress: sourceFor(destination),
      allowHalfOpen: true,
      noDelay: true,
    });
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
    });
    this.socket.on('end', () => {
      this.ended = true;
      this.socket.end();
    });
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve()));
  }

  async write(bytes: Buffer): Promise<void> {
    if (!this.socket.write(bytes) && !this.socket.destroyed)
      await Promise.race([once(this.socket, 'drain'), this.closed]).catch(() => {});
  }
}

/** Sends, ends its side, and must get back all of it. */
const echo =
  (destination: number, direction: 'outbound' | 'inbound' = 'outbound'): Visit =>
  async (world, random) => {
    const client = new TcpClient(world, destination, direction);
    let sent = 0;
    for (let i = 1 + below(random, 6); i > 0; i--) {
      const bytes = Buffer.alloc(1 + below(random, pick(random, [10, 5_000, 200_000])), 't');
      sent += bytes.length;
      await client.write(bytes);
      if (random() < 0.2) await pause(random, 100);
    }
    client.socket.end();
    await client.closed;
    if (client.received !== sent || !client.ended)
      world.violation(`an opaque connection that sent ${sent} bytes got ${client.received} back`);
  };

/** Leaves anywhere, or is thrown out. */
const deserter =
  (destination: number): Visit =>
  async (world, random) => {
    const client = new TcpClient(world, destination);
    for (let i = below(random, 4); i > 0 && !client.socket.destroyed; i--) {
      client.socket.write(Buffer.alloc(1 + below(random, 300_000), 't'));
      await pause(random, 20);
    }
    if (random() < 0.2) client.socket.write('RESET');
    await pause(random, 100);
    pick(random, [
      () => client.socket.end(),
      () => client.socket.destroy(),
      () => client.socket.resetAndDestroy(),
    ])();
    await Promise.race([client.closed, pause(random, 3_000)]);
    client.socket.destroy();
    await client.closed;
  };

/** Is greeted before it has said anything. */
const greeted: Visit = async (world, random) => {
  const client = new TcpClient(world, TO.greeted);
  await pause(random, 500);
  client.socket.write(`${below(random, 9)} hello\r\n`);
  await pause(random, 100);
  client.socket.end();
  await Promise.race([client.closed, pause(random, 3_000)]);
  client.socket.destroy();
  await client.closed;
};

export const OPAQUE_VISITS: readonly (readonly [string, number, Visit])[] = [
  ['echo', 6, echo(TO.opaque)],
  ['inbound echo', 3, echo(TO.inboundTcp, 'inbound')],
  ['passing echo', 2, echo(TO.passing)],
  ['deserter', 5, deserter(TO.opaque)],
  ['broken', 4, deserter(TO.broken)],
  ['greeted', 3, greeted],
];

/** One visit, drawn by weight. */
export function drawVisit(
  visits: readonly (readonly [string, number, Visit])[],
  random: Random,
): readonly [string, Visit] {
  const total = visits.reduce((sum, [, weight]) => sum + weight, 0);
  let left = random() * total;
  for (const [name, weight, visit] of visits) {
    left -= weight;
    if (left < 0) return [name, visit];
  }
  const [name, , visit] = visits.at(-1)!;
  return [name, visit];
}
