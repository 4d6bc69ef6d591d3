/**
 * Tiny servers that answer after 5 ms, in one process: `node servers.ts FIRST_PORT COUNT`. `{ port, delayMs }` from the parent
 * changes one of them; `'counts'` is answered with the requests that each has had.
 */
import { createServer } from 'node:http';
import { type Delay, USUAL_DELAY_MS } from './delay.ts';

const [first, count] = process.argv.slice(2).map(Number);
if (first === undefined || count === undefined) throw new Error('say the first port and how many');

const delays = new Map<number, number>();
const counts: Record<number, number> = {};
await Promise.all(
  Array.from({ length: count }, (_, i) => {
    const port = first + i;
    counts[port] = 0;
    const server = createServer({ keepAliveTimeout: 300_000 }, (_request, response) => {
      counts[port]! += 1;
      setTimeout(() => response.end('ok'), delays.get(port) ?? USUAL_DELAY_MS);
    });
    return new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  }),
);
process.on('message', (message: Delay | 'counts') => {
  if (message === 'counts') process.send?.(counts);
  else delays.set(message.port, message.delayMs);
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
