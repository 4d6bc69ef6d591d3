/** `tcp-bulk`: opaque bytes, as fast as they go, half of the connections in each direction. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { interleave } from '../harness/interleave.ts';
import { accountFor, type ProxyPath } from '../harness/path.ts';
import { Workbench } from '../harness/workbench.ts';
import { startPeers, startWeft } from '../http1/paths.ts';
import { roundsOf } from '../http1/rounds.ts';
import { BULK_PEERS } from '../peers/peers.ts';
import type { Scenario } from '../scenario.ts';
import type { Moved } from './bulk.ts';

const PROGRAM = join(import.meta.dirname, 'bulk.ts');
const CONNECTIONS = 8;
const MAIN_FIGURE = 'cpuMicrosPerMb';
const MIB = 2 ** 20;

export const tcpBulk: Scenario = {
  name: 'tcp-bulk',
  title: 'opaque bytes over 8 connections, half of them up, half down',
  mainFigure: MAIN_FIGURE,
  async run({ quick, progress }) {
    await using bench = new Workbench();
    const to = await bench.takePort();
    await bench.serve(bench.cores.backend, to, process.execPath, [PROGRAM, 'serve', String(to)]);
    const task = { mode: 'tcp', to, bulk: true } as const;
    const weft = await startWeft(bench, task);
    const peers = await startPeers(bench, task, { peers: BULK_PEERS });
    const subjects = [weft, ...peers.paths].map((path) => ({
      ...path,
      sample: (seconds: number) => drive(bench, path, seconds),
    }));
    return await interleave(subjects, peers.missing, {
      ...roundsOf(quick),
      mainFigure: MAIN_FIGURE,
      progress,
    });
  },
};

function drive(bench: Workbench, path: ProxyPath, seconds: number) {
  return accountFor(path, async () => {
    const moved = await move(bench.cores.load, path.port, seconds);
    if (moved.downBytes === 0 || moved.upBytes === 0) throw new Error(`${path.name} passed no bytes on`);
    const figures = {
      downMbPerSecond: moved.downBytes / MIB / moved.seconds,
      upMbPerSecond: moved.upBytes / MIB / moved.seconds,
    };
    return { bytes: moved.downBytes + moved.upBytes, figures };
  });
}

/** Rejects when a byte was lost, or when a connection does not end soon after its side was closed. */
async function move(core: number, port: number, seconds: number): Promise<Moved> {
  const load = [process.execPath, PROGRAM, 'load', String(port), String(seconds), String(CONNECTIONS)];
  const options = { timeout: (seconds + 20) * 1_000, env: { PATH: process.env['PATH'] } };
  const { stdout } = await promisify(execFile)('taskset', ['-c', String(core), ...load], options);
  return JSON.parse(stdout) as Moved;
}
