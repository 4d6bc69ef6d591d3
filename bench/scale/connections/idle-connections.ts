/**
 * `node idle-connections.ts PORT COUNT`, with an IPC channel: opens so many keep-alive connections, sends one request on each, and
 * says `open` when all were answered. Asked anything, it says how many are still open (`StillOpen`). Ends with its parent.
 */
import { connect, type Socket } from 'node:net';
import { AUTHORITY } from '../../http1/request-head.ts';
import { parseAnswerLength } from '../latency/answer-length.ts';
import type { StillOpen } from './measure-idle.ts';

/** So few at a time that the proxy needs few upstream connections, whose memory is not what is measured. */
const AT_A_TIME = 64;
/** One address of this machine has some 28,000 ports for connections to one other port. */
const SOURCES = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'];
const REQUEST = `GET /1k HTTP/1.1\r\nHost: ${AUTHORITY}\r\n\r\n`;

const [port, count] = process.argv.slice(2).map(Number);
if (port === undefined || count === undefined) throw new Error('say the port and how many');
const sockets: Socket[] = [];

/** Resolves when the request was answered whole. */
function open(source: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: port!, localAddress: source });
    sockets.push(socket);
    let came = 0;
    let length = Number.POSITIVE_INFINITY;
    socket.on('error', reject);
    socket.on('connect', () => socket.write(REQUEST));
    socket.on('data', (bytes: Buffer) => {
      if (came === 0) length = parseAnswerLength(bytes);
      came += bytes.length;
      if (came === length) resolve();
    });
  });
}

async function openAll(): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count!) await open(SOURCES[next++ % SOURCES.length]!);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}

process.on('disconnect', () => process.exit(0));
process.on('message', () => {
  const open = sockets.filter((socket) => !socket.destroyed && socket.readyState === 'open').length;
  process.send?.({ open } satisfies StillOpen);
});
await openAll();
process.send?.('open');
