import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { silentLogger } from '#api/foundation/logger.ts';
import { type HttpServer, serve, text } from './http-server.ts';

/** More than the server takes at a time. */
const CROWD = 200;

let server: HttpServer;
const held: Socket[] = [];
afterEach(async () => {
  for (const socket of held.splice(0)) socket.destroy();
  await server.close();
});

async function holdOne(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  held.push(socket);
  await once(socket, 'connect');
  socket.write('GET /ready HTTP/1.1\r\nHost: x\r\n');
}

test('answers a newcomer while a crowd holds connections with requests that never end', async () => {
  server = await serve(
    { host: '127.0.0.1', port: 0 },
    { 'GET /ready': () => text(200, 'ready\n') },
    silentLogger,
  );
  for (let i = 0; i < CROWD; i += 1) await holdOne(server.port);
  const response = await fetch(`http://127.0.0.1:${server.port}/ready`);
  expect([response.status, await response.text()]).toEqual([200, 'ready\n']);
});
