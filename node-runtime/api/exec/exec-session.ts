import { PassThrough, Writable } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { messageOf } from '#api/foundation/errors.ts';
import type { ExecOptions } from '../../pod/containers.ts';
import { CHANNEL, exitStatus, failureStatus, frame } from './channels.ts';
import type { ExecRequest } from './exec-options.ts';

type Streams = Pick<ExecOptions, 'stdin' | 'stdout' | 'stderr' | 'signal'>;

/** Stops reading from the client while this many bytes wait for the command. */
const STDIN_HIGH_WATER = 64 * 1024;

/**
 * One command over one WebSocket:
 *
 *   client ── stdin ──▶ command ── stdout, stderr ──▶ client
 *                          │
 *                          └─ ends: status on channel 3, then close; a client that leaves ends the command
 */
export async function runExec(
  socket: WebSocket,
  request: ExecRequest,
  exec: (streams: Streams) => Promise<number>,
): Promise<void> {
  const left = new AbortController();
  socket.on('close', () => left.abort(new Error('the client left')));
  socket.on('error', () => left.abort(new Error('the client is lost')));
  const stdin = request.stdin ? readStdin(socket) : undefined;
  try {
    const code = await exec({
      signal: left.signal,
      ...(stdin === undefined ? {} : { stdin }),
      ...(request.stdout ? { stdout: channelWriter(socket, CHANNEL.stdout) } : {}),
      ...(request.stderr ? { stderr: channelWriter(socket, CHANNEL.stderr) } : {}),
    });
    finish(socket, exitStatus(code));
  } catch (error) {
    finish(socket, failureStatus(messageOf(error)));
  } finally {
    stdin?.destroy();
  }
}

function finish(socket: WebSocket, status: object): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.send(frame(CHANNEL.status, Buffer.from(JSON.stringify(status))));
  socket.close(1000);
}

function readStdin(socket: WebSocket): PassThrough {
  const stdin = new PassThrough({ highWaterMark: STDIN_HIGH_WATER });
  stdin.on('drain', () => socket.resume());
  stdin.on('error', () => {});
  socket.on('message', (data: RawData) => {
    const bytes = bytesOf(data);
    if (bytes[0] === CHANNEL.close && bytes[1] === CHANNEL.stdin) stdin.end();
    if (bytes[0] !== CHANNEL.stdin || stdin.writableEnded || stdin.destroyed) return;
    if (!stdin.write(bytes.subarray(1))) socket.pause();
  });
  socket.on('close', () => stdin.end());
  return stdin;
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

/** Hands output on as fast as the client takes it: a chunk is done when it is written to the connection. */
function channelWriter(socket: WebSocket, channel: number): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (socket.readyState !== socket.OPEN) done();
      else socket.send(frame(channel, chunk), () => done());
    },
  });
}
