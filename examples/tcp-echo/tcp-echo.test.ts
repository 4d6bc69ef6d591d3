import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';
import { startProgram, stopPrograms } from '../testing/program.ts';

afterAll(stopPrograms);

async function say(port: number, ...parts: string[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  for (const part of parts) socket.write(part);
  socket.end();
  return text(socket);
}

test('tcp-echo sends every line back with its word before it', async () => {
  const port = await startProgram('examples/tcp-echo/tcp-echo.ts', ['one']);
  expect(await say(port, 'hello\nwor', 'ld\n')).toBe('one hello\none world\n');
  expect(await say(port, 'no end')).toBe('one no end');
});
