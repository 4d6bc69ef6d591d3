/**
 * Makes wires: of accepted connections and by dialling. Dialled sockets take `onread` as a public option. For accepted
 * ones it needs a new Socket around the accepted handle, which Node does not document: so it is tried once at start,
 * and where it does not work `'data'` events do the same for 2 µs more per request.
 */
import { once } from 'node:events';
import {
  connect,
  createServer,
  type NetConnectOpts,
  type Server,
  Socket,
  type SocketConstructorOpts,
} from 'node:net';
import type { ConnectionSettings } from '#sidecar/upstream/cluster.ts';
import { listen } from './listen.ts';
import { secureWire } from './tls-sockets.ts';
import { Wire, type WireReader } from './wire.ts';
import { READ_BYTES } from './write-buffer.ts';

export type ReadMode = 'onread' | 'data';

/** An idle connection whose peer has vanished without a word ends within minutes after this (Linux probes 9 times, 75 s apart). */
const KEEP_ALIVE_PROBE = { keepAlive: true, keepAliveInitialDelay: 300_000 } as const;

/** How a server must be made whose connections are to be adopted. */
export const SERVER_OPTIONS = {
  allowHalfOpen: true,
  pauseOnConnect: true,
  noDelay: true,
  highWaterMark: 1,
  ...KEEP_ALIVE_PROBE,
} as const;

/** One buffer for the reads of all sockets: each read is used up within its callback. */
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

const NO_READER: WireReader = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} };

/** Where to connect to. */
export interface Address {
  readonly address: string;
  readonly port: number;
  readonly localAddress: string | undefined;
}

/** How the connection is made: TLS or plain, and when the kernel probes an idle one (0: as this proxy does by itself). */
export type DialSettings = Pick<
  ConnectionSettings,
  'keepAliveMs' | 'keepAliveIntervalMs' | 'keepAliveProbes' | 'tls'
>;

const PLAIN: DialSettings = { keepAliveMs: 0, tls: undefined };

/** Starts to connect; `onConnect` comes when the wire can be written, `reader.onClose` when that fails. */
export function dial(
  to: Address,
  reader: WireReader,
  onConnect: () => void,
  settings: DialSettings = PLAIN,
): Wire {
  const { keepAliveMs, tls } = settings;
  let wire: Wire | undefined;
  const options: NetConnectOpts & SocketConstructorOpts & { writableHighWaterMark: number } = {
    host: to.address,
    port: to.port,
    ...(to.localAddress === undefined ? {} : { localAddress: to.localAddress }),
    noDelay: true,
    ...KEEP_ALIVE_PROBE,
    ...(keepAliveMs === 0 ? {} : { keepAliveInitialDelay: keepAliveMs }),
    allowHalfOpen: true,
    writableHighWaterMark: 1,
  };
  if (tls !== undefined) {
    const raw = connect(options);
    tuneProbes(raw, settings);
    return secureWire(raw, tls, reader, onConnect);
  }
  options.onread = { buffer: readBuffer, callback: (length) => receive(wire!, length) };
  const socket = connect(options);
  tuneProbes(socket, settings);
  wire = new Wire(socket, reader);
  socket.once('connect', onConnect);
  return wire;
}

/** Not among the options of a connect, and not in the types of Node yet. */
interface ProbedSocket {
  setKeepAlive(options: {
    enable: boolean;
    initialDelay: number;
    interval: number | undefined;
    count: number | undefined;
  }): void;
}

function tuneProbes(socket: Socket, settings: DialSettings): void {
  const { keepAliveMs: initialDelay, keepAliveIntervalMs: interval, keepAliveProbes: count } = settings;
  if (interval === undefined && count === undefined) return;
  socket.once('connect', () => {
    (socket as unknown as ProbedSocket).setKeepAlive({ enable: true, initialDelay, interval, count });
  });
}

/** A wire around a connection that a server with `SERVER_OPTIONS` accepted. It does not read until `resume`. */
export function adopt(accepted: Socket, mode: ReadMode, reader: WireReader = NO_READER): Wire {
  if (mode === 'onread') return adoptHandle(accepted, reader);
  const wire = new Wire(accepted, reader);
  accepted.on('data', (chunk: Buffer) => wire.reader.onBytes(chunk, chunk.length));
  accepted.pause();
  return wire;
}

function receive(wire: Wire, length: number): boolean {
  wire.reader.onBytes(readBuffer, length);
  return true;
}

/** What an accepted Socket has beside its public face. */
interface Accepted {
  _handle: object | null;
  _server: Server | null;
}

function adoptHandle(accepted: Socket, reader: WireReader): Wire {
  const inner = accepted as unknown as Accepted;
  let wire: Wire | undefined;
  const options = {
    handle: inner._handle,
    allowHalfOpen: true,
    pauseOnCreate: true,
    writableHighWaterMark: 1,
    onread: { buffer: readBuffer, callback: (length: number) => receive(wire!, length) },
  };
  const socket = new Socket(options as SocketConstructorOpts);
  (socket as unknown as Accepted)._server = inner._server;
  inner._handle = null;
  inner._server = null;
  wire = new Wire(socket, reader);
  return wire;
}

let chosen: Promise<ReadMode> | undefined;

/** Finds out, with one connection over loopback in the life of the process, whether accepted sockets can be read with `onread`. */
export function chooseReadMode(): Promise<ReadMode> {
  chosen ??= tryReading();
  return chosen;
}

async function tryReading(): Promise<ReadMode> {
  const server = createServer(SERVER_OPTIONS);
  listen(server, { host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  try {
    return (await echoes(server, port)) ? 'onread' : 'data';
  } finally {
    server.close();
  }
}

const PROBE = Buffer.from('weft');
const PROBE_TIMEOUT_MS = 1000;

/** Whether an adopted socket reads what is sent to it, answers, and sees the end. */
function echoes(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const client = connect({ host: '127.0.0.1', port });
    const timer = setTimeout(() => finish(false), PROBE_TIMEOUT_MS);
    const finish = (works: boolean): void => {
      clearTimeout(timer);
      client.destroy();
      resolve(works);
    };
    server.once('connection', (accepted) => {
      try {
        const wire = adopt(accepted, 'onread');
        wire.reader = {
          ...NO_READER,
          onBytes: (bytes, length) => wire.sendCopy(bytes, 0, length),
          onEnd: () => wire.end(),
        };
        wire.resume();
      } catch {
        finish(false);
      }
    });
    client.on('data', (echo) => finish(PROBE.equals(echo as Buffer)));
    client.on('error', () => finish(false));
    client.write(PROBE);
  });
}
