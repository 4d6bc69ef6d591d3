import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { scrape, sumOf } from './scrape.ts';

test('asks over a new connection each time, which is over with the answer', async () => {
  const server = createServer((_, response) => response.end('up{a="1"} 2\nup{a="2"} 3\n'));
  onTestFinished(() => void server.close());
  let connections = 0;
  const closed: Promise<unknown>[] = [];
  server.on('connection', (socket) => {
    connections += 1;
    closed.push(once(socket, 'close'));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.keepAliveTimeout = 3_600_000;
  for (let i = 0; i < 3; i++) expect(sumOf(await scrape(port), 'up')).toBe(5);
  expect(connections).toBe(3);
  await Promise.all(closed);
});

test('says which page could not be read, and why', async () => {
  const server = createServer((request) => request.socket.resetAndDestroy());
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await expect(scrape(port)).rejects.toThrow(/page \/metrics cannot be read: .*(ECONNRESET|hang up)/);
});
