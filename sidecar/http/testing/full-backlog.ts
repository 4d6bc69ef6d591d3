/** A port where connecting takes for ever: its server has stopped, and its queue of connections is full. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** Listens, and never comes to accept. */
const STOPPED = `
const { parentPort } = require('node:worker_threads');
const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

/** The kernel takes one more than the backlog. */
const QUEUE = 4;

export interface FullBacklog extends AsyncDisposable {
  readonly port: number;
}

export async function startFullBacklog(): Promise<FullBacklog> {
  const worker = new Worker(STOPPED, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  const waiting: Socket[] = [];
  for (let i = 0; i < QUEUE; i++) waiting.push(connect({ port, host: '127.0.0.1' }).on('error', () => {}));
  await Promise.all(waiting.slice(0, 2).map((socket) => once(socket, 'connect')));
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of waiting) socket.destroy();
      await worker.terminate();
    },
  };
}
