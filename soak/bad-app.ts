/**
 * An application that misbehaves: answers by chance, before or after the end of a request, with junk, with half of an
 * answer, with a reset, late, or never; and dies now and then, to come back on the same port.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Random } from '#api/foundation/random.ts';
import { below, pause, pick } from './dice.ts';

type Behaviour = (socket: Socket, random: Random) => unknown;

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

const BEHAVIOURS: readonly Behaviour[] = [
  (socket) => socket.write(ok),
  (socket) => socket.write(ok),
  (socket) => socket.write(ok),
  (socket) => socket.write('HTTP/1.1 503 x\r\nContent-Length: 2\r\n\r\nno'),
  (socket) => socket.write('HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n'),
  (socket) => socket.write(`HTTP/1.1 103 x\r\nLink: a\r\n\r\n${ok}`),
  (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end'),
  (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nnot all of it'),
  (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nnot all of it'),
  (socket) => socket.write('SSH-2.0-nonsense\r\n'),
  (socket) => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
  (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc'),
  (socket) => socket.write(`${ok}${ok}`),
  (socket) => socket.write('HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'),
  (socket) => socket.destroy(),
  (socket) => socket.resetAndDestroy(),
  async (socket, random) => {
    for (const piece of ['HTTP/1.1 200 OK\r\nContent-Le', 'ngth: 2\r\n', '\r\no', 'k']) {
      socket.write(piece);
      await pause(random, 20);
    }
  },
  async (socket, random) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n');
    for (let i = 0; i < below(random, 4); i++) socket.write(Buffer.alloc(50_000, 120));
    await pause(random, 50);
    socket.resetAndDestroy();
  },
  () => {},
];

/** Requests are told apart by the end of their heads only: bodies are for others to understand. */
const HEAD_END = '\r\n\r\n';

export class BadApp {
  readonly #random: Random;
  #server: Server;
  readonly #open = new Set<Socket>();
  port = 0;
  #dead = false;
  #closed = false;

  constructor(random: Random) {
    this.#random = random;
    this.#server = this.#create();
  }

  async listen(): Promise<void> {
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
  }

  /** Dies with its connections, and comes back after a while. */
  async die(): Promise<void> {
    if (this.#dead) return;
    this.#dead = true;
    this.#end();
    await pause(this.#random, 1500);
    if (this.#closed) return;
    this.#server = this.#create();
    await this.listen();
    this.#dead = false;
  }

  close(): void {
    this.#closed = true;
    this.#end();
  }

  #end(): void {
    for (const socket of this.#open) socket.resetAndDestroy();
    this.#server.close();
  }

  #create(): Server {
    return createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket));
  }

  #serve(socket: Socket): void {
    this.#open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#open.delete(socket));
    socket.on('end', () => socket.end());
    let last = '';
    socket.on('data', (chunk) => {
      const text = last + chunk.toString('latin1');
      const heads = text.split(HEAD_END).length - 1;
      last = text.slice(-(HEAD_END.length - 1));
      for (let i = 0; i < heads; i++) void this.#answer(socket);
    });
  }

  async #answer(socket: Socket): Promise<void> {
    const behaviour = pick(this.#random, BEHAVIOURS);
    await pause(this.#random, pick(this.#random, [0, 0, 5, 60]));
    if (!socket.destroyed) await behaviour(socket, this.#random);
  }
}
