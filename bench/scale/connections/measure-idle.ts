import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryOf, withChildren } from '../../harness/accounting.ts';
import type { Sample } from '../../harness/interleave.ts';
import type { PinnedProcess } from '../../harness/pinned-process.ts';
import { ToldProcess } from '../told-process.ts';

/** What the program answers. */
export interface StillOpen {
  readonly open: number;
}

const PROGRAM = join(import.meta.dirname, 'idle-connections.ts');
const OPEN_MS = 60_000;
const MIB = 2 ** 20;

/** Opens `count` connections to a proxy from `core`, leaves them alone for `idleSeconds`, and says what they take. */
export async function measureIdle(
  core: number,
  { port, process: proxy }: { readonly port: number; readonly process: PinnedProcess },
  count: number,
  idleSeconds: number,
): Promise<Sample> {
  const before = memoryOf([proxy.pid]);
  await using client = new ToldProcess(core, PROGRAM, [String(port), String(count)]);
  const begunMs = performance.now();
  await client.answer(OPEN_MS);
  const openSeconds = (performance.now() - begunMs) / 1_000;
  /** What the last requests left behind is done with first. */
  await pause(1);
  const busyBefore = cpuNanosOf(proxy.pid);
  await pause(idleSeconds);
  const idleCpuMsPerSecond = (cpuNanosOf(proxy.pid) - busyBefore) / 1e6 / idleSeconds;
  proxy.assertAlive();
  const after = memoryOf([proxy.pid]);
  client.tell({ ask: 'open' });
  const { open } = (await client.answer(OPEN_MS)) as StillOpen;
  const bytesPerConnection = ((after.privateMb - before.privateMb) * MIB) / count;
  return {
    bytesPerConnection,
    idleCpuMsPerSecond,
    connections: count,
    stillOpen: open,
    openSeconds,
    ...after,
  };
}

/** CPU time of all threads of a process and its children. Ticks of 10 ms are too coarse for what sleeps. */
function cpuNanosOf(pid: number): number {
  const threads = withChildren(pid).flatMap((each) =>
    readdirSync(`/proc/${each}/task`).map((thread) => `/proc/${each}/task/${thread}/schedstat`),
  );
  return threads.reduce((sum, path) => sum + Number(readFileSync(path, 'utf8').split(' ')[0]), 0);
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}
