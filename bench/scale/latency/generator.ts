/**
 * `node generator.ts PORT PATH PER_SECOND SECONDS CONNECTIONS HEADER …` (`Host` among them): GET requests at a constant rate over so many
 * connections, one under way on each. Prints one line of JSON, a `Latencies`. A program of its own on a core of its own: it blocks
 * in the kernel until shortly before a request is due and spins for the rest, so that a request leaves within microseconds of
 * its moment.
 */

import { parseAnswerLength } from './answer-length.ts';
import { Histogram } from './histogram.ts';
import type { Latencies } from './latencies.ts';
import { OpenLoop } from './open-loop.ts';
import { Sockets } from './sockets.ts';

/** Timers of a virtual machine wake up to so late; what is left is spun away. */
const SPIN_MS = 0.08;
/** An answer that takes longer is a failure. */
const PATIENCE_MS = 5_000;
const MAX_ANSWER_BYTES = 65_536;
const NOT_UNDER_WAY = -1;

const [port, path, perSecond, seconds, count, ...headers] = process.argv.slice(2);
const connections = Number(count);
const lines = [`GET ${path} HTTP/1.1`, ...headers, '', ''];
const sockets = new Sockets(Number(port), connections, lines.join('\r\n'), MAX_ANSWER_BYTES);

/** Of each connection: when its request was due, and how many bytes of the answer have come of how many. */
const dueOf = new Float64Array(connections).fill(NOT_UNDER_WAY);
const cameOf = new Uint32Array(connections);
const lengthOf = new Uint32Array(connections);
/** In turn, so that all of them are used as often. */
const free = Array.from({ length: connections }, (_, i) => i);

const latencies = new Histogram();
const lateness = new Histogram();

function send(loop: OpenLoop, wereFree: boolean): void {
  for (;;) {
    if (free.length === 0) return;
    const nowMs = performance.now();
    const dueMs = loop.take(nowMs);
    if (dueMs === undefined) return;
    const connection = free.shift()!;
    sockets.send(connection);
    if (wereFree) lateness.record(nowMs - dueMs);
    dueOf[connection] = dueMs;
    cameOf[connection] = 0;
  }
}

function receive(): void {
  for (let i = 0; i < connections; i += 1) {
    if (!sockets.isReadable(i)) continue;
    const bytes = sockets.receive(i);
    if (dueOf[i] === NOT_UNDER_WAY) throw new Error(`connection ${i} got what it did not ask for`);
    if (cameOf[i] === 0) lengthOf[i] = parseAnswerLength(sockets.received.subarray(0, bytes));
    cameOf[i]! += bytes;
    if (cameOf[i]! > lengthOf[i]!) throw new Error(`connection ${i} got more than an answer`);
    if (cameOf[i] === lengthOf[i]) finish(i);
  }
}

function finish(connection: number): void {
  latencies.record(performance.now() - dueOf[connection]!);
  dueOf[connection] = NOT_UNDER_WAY;
  free.push(connection);
}

function run(total: number): void {
  const loop = new OpenLoop({ startMs: performance.now() + 1, perSecond: Number(perSecond), total });
  let lastAnswers = 0;
  let quietSinceMs = performance.now();
  while (latencies.total < total) {
    const wereFree = free.length > 0;
    const leftMs = wereFree ? loop.nextMs - performance.now() : Number.POSITIVE_INFINITY;
    sockets.wait(Math.min(PATIENCE_MS, Math.max(0, leftMs - SPIN_MS)));
    receive();
    send(loop, wereFree);
    if (latencies.total !== lastAnswers) {
      lastAnswers = latencies.total;
      quietSinceMs = performance.now();
    } else if (performance.now() - quietSinceMs > PATIENCE_MS) throw new Error('the answers stopped');
  }
}

run(Number(perSecond) * Number(seconds));
const said: Latencies = {
  requests: latencies.total,
  p50Ms: latencies.percentile(0.5),
  p90Ms: latencies.percentile(0.9),
  p99Ms: latencies.percentile(0.99),
  p999Ms: latencies.percentile(0.999),
  generatorLateP99Ms: lateness.percentile(0.99),
};
console.log(JSON.stringify(said));
