/**
 * tcp-echo: sends every line back with a word before it. `node tcp-echo.ts 9000,9001,9002 one` listens on three ports
 * and answers `one hello` to `hello`, as Istio's sample does.
 */
import { createServer, type Socket } from 'node:net';

const MAX_LINE_BYTES = 64 * 1024;
const [, , ports = '9000', prefix = 'hello'] = process.argv;

function echo(socket: Socket): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) socket.write(lines.map((line) => `${prefix} ${line}\n`).join(''));
    if (rest.length > MAX_LINE_BYTES) socket.destroy();
  });
  socket.on('end', () => socket.end(rest === '' ? '' : `${prefix} ${rest}`));
}

for (const port of ports.split(',').map(Number)) {
  createServer({ allowHalfOpen: true }, echo).listen(port, () =>
    console.log(`tcp-echo listens on port ${port}`),
  );
}
process.once('SIGTERM', () => process.exit(0));
process.once('SIGINT', () => process.exit(0));
