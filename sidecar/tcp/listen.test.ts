import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { listen } from './listen.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function newServer(): Server {
  const server = createServer((socket) => socket.end('hello'));
  servers.push(server);
  return server;
}

test.each([
  ['127.0.0.1', '127.0.0.1', 'IPv4'],
  ['0.0.0.0', '127.0.0.1', 'IPv4'],
  ['::1', '::1', 'IPv6'],
])('listens on %s', async (host, from, family) => {
  const server = newServer();
  listen(server, { host, port: 0, backlog: 16 });
  await once(server, 'listening');
  const { port, ...address } = server.address() as AddressInfo;
  expect(address).toEqual({ address: host, family });
  const client = connect(port, from);
  expect(String((await once(client, 'data'))[0])).toBe('hello');
});

test('says with an event that the port is taken', async () => {
  const first = newServer();
  listen(first, { host: '127.0.0.1', port: 0 });
  await once(first, 'listening');
  const second = newServer();
  listen(second, { host: '127.0.0.1', port: (first.address() as AddressInfo).port });
  expect((await once(second, 'error'))[0]).toMatchObject({ code: 'EADDRINUSE', syscall: 'listen' });
});

test('may be asked again after it failed', async () => {
  const first = newServer();
  listen(first, { host: '127.0.0.1', port: 0 });
  await once(first, 'listening');
  const { port } = first.address() as AddressInfo;
  const second = newServer();
  listen(second, { host: '127.0.0.1', port });
  await once(second, 'error');
  await once(first.close(), 'close');
  listen(second, { host: '127.0.0.1', port });
  await once(second, 'listening');
});
