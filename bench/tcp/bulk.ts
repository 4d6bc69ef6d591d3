/**
 * The source and the sink of bytes, as two programs that the scenario pins: `node bulk.ts serve PORT` and
 * `node bulk.ts load PORT SECONDS CONNECTIONS`. A client says first which way its bytes go: `d` for down, `u` for up. Bytes count
 * where they arrive; a client that has sent is told how many that were.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const CHUNK = Buffer.alloc(256 * 1024, 'x');
const DOWN = 'd';
const UP = 'u';

/** What a load prints when it is over. */
export interface Moved {
  readonly downBytes: number;
  readonly upBytes: number;
  readonly seconds: number;
}

function serve(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  socket.once('data', (first: Buffer) => {
    const source = first.toString('latin1', 0, 1) === DOWN ? new Source(socket) : undefined;
    let received = first.length - 1;
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    socket.on('end', () => {
      source?.stop();
      socket.end(source === undefined ? String(received) : '');
    });
  });
}

/** Writes as fast as the other side reads. */
class Source {
  readonly #socket: Socket;
  #stopped = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('drain', () => this.#write());
    this.#write();
  }

  stop(): void {
    this.#stopped = true;
  }

  #write(): void {
    while (!this.#stopped && this.#socket.write(CHUNK));
  }
}

async function load(port: number, seconds: number, connections: number): Promise<Moved> {
  const start = performance.now();
  const moving = Array.from({ length: connections }, (_, i) =>
    i % 2 === 0 ? download(port, seconds) : upload(port, seconds),
  );
  const moved = await Promise.all(moving);
  const sum = (way: number): number =>
    moved.filter((_, i) => i % 2 === way).reduce((total, bytes) => total + bytes, 0);
  return { downBytes: sum(0), upBytes: sum(1), seconds: (performance.now() - start) / 1_000 };
}

async function download(port: number, seconds: number): Promise<number> {
  const socket = await open(port, DOWN);
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  const ended = once(socket, 'end');
  await pause(seconds * 1_000);
  socket.end();
  await ended;
  return bytes;
}

/** Rejects when not everything arrived that was sent. */
async function upload(port: number, seconds: number): Promise<number> {
  const socket = await open(port, UP);
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    answer += text;
  });
  const ended = once(socket, 'end');
  const source = new Source(socket);
  await pause(seconds * 1_000);
  source.stop();
  socket.end();
  await ended;
  const sent = socket.bytesWritten - 1;
  if (Number(answer) !== sent) throw new Error(`of ${sent} bytes that were sent ${answer} arrived`);
  return sent;
}

async function open(port: number, way: typeof DOWN | typeof UP): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  socket.write(way);
  return socket;
}

const [role, port, seconds, connections] = process.argv.slice(2);
if (role === 'serve') {
  createServer({ allowHalfOpen: true }, serve).listen(Number(port), '127.0.0.1', 4_096);
} else {
  console.log(JSON.stringify(await load(Number(port), Number(seconds), Number(connections))));
}
