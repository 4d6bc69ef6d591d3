/** A way through one or more proxies, as a subject that is measured: their CPU time and memory together. */
import { cpuTimeOf, memoryOf } from './accounting.ts';
import type { Sample } from './interleave.ts';
import type { PinnedProcess } from './pinned-process.ts';

export interface ProxyPath {
  readonly name: string;
  readonly version: string;
  /** Port of the first proxy. */
  readonly port: number;
  readonly processes: readonly PinnedProcess[];
}

/** What a load came to: requests where they count, bytes where they do. */
export interface Driven {
  readonly requests?: number;
  readonly bytes?: number;
  /** Figures of the load generator: rates and latencies. */
  readonly figures: Sample;
}

const MIB = 2 ** 20;

/** Runs `drive` and adds what the proxies of the path used for it. */
export async function accountFor(path: ProxyPath, drive: () => Promise<Driven>): Promise<Sample> {
  const pids = path.processes.map(({ pid }) => pid);
  for (const each of path.processes) each.assertAlive();
  const before = cpuTimeOf(pids);
  const { requests, bytes, figures } = await drive();
  const after = cpuTimeOf(pids);
  for (const each of path.processes) each.assertAlive();
  const user = after.userMicros - before.userMicros;
  const sys = after.sysMicros - before.sysMicros;
  return {
    ...(requests !== undefined && {
      cpuMicrosPerRequest: (user + sys) / requests,
      userMicros: user / requests,
      sysMicros: sys / requests,
    }),
    ...(bytes !== undefined && { cpuMicrosPerMb: (user + sys) / (bytes / MIB) }),
    ...figures,
    ...memoryOf(pids),
  };
}
