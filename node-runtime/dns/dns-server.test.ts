import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { decode, encode, type Packet, type RecordType } from 'dns-packet';
import { afterEach, expect, test } from 'vitest';
import { silentLogger } from '#api/foundation/logger.ts';
import { parseCidr } from '#api/mesh/addresses.ts';
import { type DnsServer, startDns } from './dns-server.ts';
import { Forwarder } from './forward.ts';
import type { NamedEndpoint } from './service-names.ts';
import { readFrames } from './tcp-frames.ts';
import { parseNameservers } from './upstream-servers.ts';
import { Zone } from './zone.ts';

const RCODE = 0xf;
const TC = 0x200;
const open: DnsServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const endpoints: NamedEndpoint[] = Array.from({ length: 60 }, (_, i) => ({
  host: `p${i}`,
  address: `10.244.1.${i}`,
  ports: [],
}));
const zone = new Zone('cluster.local', [
  { name: 'web', namespace: 'shop', vip: '10.96.0.7', ports: [], endpoints: [] },
  { name: 'many', namespace: 'shop', vip: undefined, ports: [], endpoints },
]);

async function start(forwarder = new Forwarder(() => []), of = zone): Promise<DnsServer> {
  const server = await startDns({
    address: '127.0.0.1',
    port: 0,
    zone: () => of,
    ranges: [parseCidr('10.96.0.0/16')],
    forwarder,
    logger: silentLogger,
  });
  open.push(server);
  return server;
}

function question(name: string, type: RecordType = 'A', extra: Partial<Packet> = {}): Buffer {
  return encode({
    type: 'query',
    id: 4711,
    flags: 0x100,
    questions: [{ name, type, class: 'IN' }],
    ...extra,
  });
}

function askUdp(port: number, bytes: Buffer): Promise<Packet> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.on('message', (reply) => {
      socket.close();
      resolve(decode(reply));
    });
    socket.send(bytes, port, '127.0.0.1');
  });
}

function askTcp(port: number, bytes: Buffer): Promise<Packet> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    readFrames(socket, (reply) => {
      socket.destroy();
      resolve(decode(reply));
    });
    // Byte by byte: a frame may come in any pieces.
    for (const byte of [bytes.length >> 8, bytes.length & 255, ...bytes]) socket.write(Buffer.of(byte));
  });
}

test('answers a service name over UDP, in any case of letters', async () => {
  const { port } = await start();
  const reply = await askUdp(port, question('WEB.Shop.svc.cluster.local'));
  expect(reply.id).toBe(4711);
  expect(reply.answers).toMatchObject([{ type: 'A', data: '10.96.0.7', ttl: 5 }]);
});

test('says that an unknown name does not exist, with what lets resolvers remember it', async () => {
  const { port } = await start();
  const reply = await askUdp(port, question('nobody.shop.svc.cluster.local'));
  expect((reply.flags ?? 0) & RCODE).toBe(3);
  expect(reply.authorities).toMatchObject([{ type: 'SOA', name: 'cluster.local' }]);
});

test('an answer too long for UDP comes over TCP', async () => {
  const { port } = await start();
  const bytes = question('many.shop.svc.cluster.local');
  const short = await askUdp(port, bytes);
  expect((short.flags ?? 0) & TC).toBe(TC);
  expect(short.answers).toEqual([]);
  expect((await askTcp(port, bytes)).answers).toHaveLength(60);
});

test('a client that holds many connections keeps no other out', async () => {
  const { port } = await start();
  const held = await Promise.all(
    Array.from({ length: 250 }, async () => {
      const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' }).on('error', () => {});
      await once(socket, 'connect');
      return socket;
    }),
  );
  expect((await askTcp(port, question('web.shop.svc.cluster.local'))).answers).toHaveLength(1);
  for (const socket of held) socket.destroy();
});

test('answers reverse questions about the mesh itself, and never hands them on', async () => {
  const { port } = await start();
  const known = await askUdp(port, question('7.0.96.10.in-addr.arpa', 'PTR'));
  expect(known.answers).toMatchObject([{ type: 'PTR', data: 'web.shop.svc.cluster.local' }]);
  const unknown = await askUdp(port, question('8.0.96.10.in-addr.arpa', 'PTR'));
  expect((unknown.flags ?? 0) & RCODE).toBe(3);
});

test.each(['udp', 'tcp'] as const)(
  'hands other names on to the host name servers over %s',
  async (transport) => {
    const upstream = await start(
      new Forwarder(() => []),
      new Zone('example.com', [{ name: 'a', namespace: 'b', vip: '192.0.2.1', ports: [], endpoints: [] }]),
    );
    const { port } = await start(new Forwarder(() => ['127.0.0.1'], upstream.port));
    const ask = transport === 'udp' ? askUdp : askTcp;
    const reply = await ask(port, question('a.b.svc.example.com'));
    expect(reply.id).toBe(4711);
    expect(reply.answers).toMatchObject([{ data: '192.0.2.1' }]);
  },
);

test('fails at once where the host has no name server', async () => {
  const { port } = await start();
  const reply = await askUdp(port, question('example.com'));
  expect((reply.flags ?? 0) & RCODE).toBe(2);
});

test('does not answer answers, nor rubbish', async () => {
  const { port } = await start();
  const socket = createSocket('udp4');
  socket.send(Buffer.from('rubbish'), port, '127.0.0.1');
  socket.send(encode({ type: 'response', id: 1, questions: [] }), port, '127.0.0.1');
  socket.close();
  expect((await askUdp(port, question('web.shop.svc.cluster.local'))).answers).toHaveLength(1);
});

test('refuses what is no standard question', async () => {
  const { port } = await start();
  const update = await askUdp(port, question('web.shop.svc.cluster.local', 'A', { flags: 5 << 11 }));
  expect((update.flags ?? 0) & RCODE).toBe(4);
  const two = await askUdp(port, encode({ type: 'query', id: 1, questions: [] }));
  expect((two.flags ?? 0) & RCODE).toBe(1);
});

test('a second server on the same address says what to do', async () => {
  const { port } = await start();
  const options = { address: '127.0.0.1', port, zone: () => zone, ranges: [], logger: silentLogger };
  await expect(startDns({ ...options, forwarder: new Forwarder(() => []) })).rejects.toMatchObject({
    code: 'DnsPortTaken',
  });
});

test('the host name servers are read without this server itself', () => {
  const text =
    '# comment\nnameserver 10.0.0.1\n nameserver 10.244.0.1\nsearch x\nnameserver nonsense\nnameserver ::1\n';
  expect(parseNameservers(text, ['10.244.0.1'])).toEqual(['10.0.0.1', '::1']);
});
