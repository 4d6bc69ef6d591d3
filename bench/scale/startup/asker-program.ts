/**
 * `node asker-program.ts`, with an IPC channel: told a port and a path (`Question`), asks until the answer is 200 and says when that
 * was (`Answered`). Its core is not that of the process which starts. Ends with its parent.
 */
import { connect } from 'node:net';
import { monotonicMs } from '../told-process.ts';
import type { Answered, Question } from './asker.ts';

/** Short against every start, long enough not to keep the process from starting. */
const ASK_EVERY_MS = 2;
const GOOD = 'HTTP/1.1 200 ';
const SILENCE_MS = 1_000;

/** Whether the first bytes that come back say 200. */
function ask({ port, path }: Question): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: SILENCE_MS });
    socket.on('connect', () =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: app.bench\r\nConnection: close\r\n\r\n`),
    );
    socket.on('data', (bytes: Buffer) => {
      resolve(bytes.toString('latin1', 0, GOOD.length) === GOOD);
      socket.destroy();
    });
    socket.on('timeout', () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => resolve(false));
  });
}

process.on('message', async (question: Question) => {
  while (!(await ask(question))) await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  process.send?.({ atMs: monotonicMs() } satisfies Answered);
});
process.on('disconnect', () => process.exit(0));
