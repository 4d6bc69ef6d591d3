import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decode, encode, type Packet, TRUNCATED_RESPONSE } from 'dns-packet';
import { WeftError } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import { ClientShare } from './client-share.ts';
import { type EntryZone, NO_ENTRIES } from './entry-zone.ts';
import type { Forwarder, Transport } from './forward.ts';
import { type OwnRanges, respond, serverFailure } from './respond.ts';
import { framesOf } from './tcp-frames.ts';
import type { Zone } from './zone.ts';

export interface DnsOptions {
  readonly address: string;
  readonly port: number;
  /** The zone as it is now. */
  readonly zone: () => Zone;
  /** Names of ServiceEntries as they are now; none when absent. */
  readonly entries?: () => EntryZone;
  /** Address ranges whose reverse names are the mesh's. */
  readonly ranges: OwnRanges;
  readonly forwarder: Forwarder;
  readonly logger: Logger;
}

/** What a client without EDNS takes over UDP; what we send at most to one that has it (no fragments on a common path). */
const PLAIN_UDP_BYTES = 512;
const MAX_UDP_BYTES = 1232;
/** A client that opens a connection and says nothing gives it up after this. */
const TCP_IDLE_MS = 10_000;
const MAX_TCP_CONNECTIONS = 1_000;
const MAX_TCP_PER_CLIENT = 20;

export interface DnsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Answers on UDP and TCP. Throws a WeftError `DnsPortTaken` when the address cannot be had. */
export async function startDns(options: DnsOptions): Promise<DnsServer> {
  const tcp = serveTcp(options);
  const udp = serveUdp(options);
  try {
    const port = await listenTcp(tcp, options);
    await bindUdp(udp, options.address, port);
    return { port, close: () => closeBoth(tcp, udp) };
  } catch (cause) {
    await closeBoth(tcp, udp);
    throw new WeftError('DnsPortTaken', `DNS cannot listen on ${options.address}:${options.port}`, {
      remedy: 'stop what listens there (ss -lunp), or give the mesh another pod range',
      cause,
    });
  }
}

function serveUdp(options: DnsOptions): UdpSocket {
  const socket = createSocket('udp4');
  socket.on('error', (error) => options.logger.warn('DNS socket', { reason: error.message }));
  socket.on('message', (bytes, client) => {
    void answer(bytes, 'udp', client.address, options).then((reply) => {
      if (reply !== undefined) socket.send(reply, client.port, client.address, () => {});
    });
  });
  return socket;
}

function serveTcp(options: DnsOptions): Server {
  const shares = new ClientShare(MAX_TCP_PER_CLIENT);
  const server = createServer((socket) => {
    shares.add(socket);
    socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    void converse(socket, options).catch(() => socket.destroy());
  });
  server.on('error', (error) => options.logger.warn('DNS listener', { reason: error.message }));
  server.maxConnections = MAX_TCP_CONNECTIONS;
  return server;
}

/**
 * One question after the other, each in a turn of its own and only when the answer before is on its way: a client that asks
 * without pause has to share with all others, and one that does not read is not read from.
 */
async function converse(socket: Socket, options: DnsOptions): Promise<void> {
  const client = socket.remoteAddress ?? '';
  for await (const bytes of framesOf(socket)) {
    const reply = await answer(bytes, 'tcp', client, options);
    if (reply !== undefined && !socket.write(frame(reply))) await once(socket, 'drain');
    await nextTurn();
  }
  socket.end();
}

function frame(reply: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(reply.length);
  return Buffer.concat([length, reply]);
}

/** Undefined for what deserves no answer. */
async function answer(
  bytes: Buffer,
  transport: Transport,
  client: string,
  options: DnsOptions,
): Promise<Buffer | undefined> {
  const query = decoded(bytes);
  if (query === undefined) return undefined;
  const entries = options.entries?.() ?? NO_ENTRIES;
  const verdict = respond(query, options.zone(), options.ranges, (name) => entries.lookup(name, client));
  switch (verdict.do) {
    case 'drop':
      return undefined;
    case 'answer':
      return fitted(verdict.packet, query, transport);
    case 'forward':
      return (await options.forwarder.ask(bytes, transport, client)) ?? encode(serverFailure(query));
  }
}

function decoded(bytes: Buffer): Packet | undefined {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}

/** An answer that is too long for UDP goes without its records and marked: the client comes back over TCP. */
function fitted(packet: Packet, query: Packet, transport: Transport): Buffer {
  const bytes = encode(packet);
  if (transport === 'tcp' || bytes.length <= udpLimit(query)) return bytes;
  const { answers: _answers, additionals: _additionals, ...rest } = packet;
  return encode({ ...rest, flags: (packet.flags ?? 0) | TRUNCATED_RESPONSE });
}

function udpLimit(query: Packet): number {
  const edns = (query.additionals ?? []).find((record) => record.type === 'OPT');
  const offered = edns?.type === 'OPT' ? edns.udpPayloadSize : PLAIN_UDP_BYTES;
  return Math.min(MAX_UDP_BYTES, Math.max(PLAIN_UDP_BYTES, offered ?? PLAIN_UDP_BYTES));
}

function listenTcp(server: Server, { address, port }: DnsOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
    });
  });
}

function bindUdp(socket: UdpSocket, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address, resolve);
  });
}

async function closeBoth(tcp: Server, udp: UdpSocket): Promise<void> {
  await Promise.all([
    new Promise<void>((resolve) => tcp.close(() => resolve())),
    new Promise<void>((resolve) => {
      try {
        udp.close(() => resolve());
      } catch {
        resolve();
      }
    }),
  ]);
}
