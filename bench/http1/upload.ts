/** `upload`: request bodies of 1 MiB, read to the end before the answer. */
import { join } from 'node:path';
import { interleave } from '../harness/interleave.ts';
import type { ProxyPath } from '../harness/path.ts';
import { needProgram } from '../harness/programs.ts';
import { Workbench } from '../harness/workbench.ts';
import { BULK_PEERS } from '../peers/peers.ts';
import type { Scenario } from '../scenario.ts';
import { call } from './call.ts';
import { driveRequests } from './drive-requests.ts';
import { startPeers, startWeft } from './paths.ts';
import { roundsOf } from './rounds.ts';

const BODY_BYTES = 1_048_576;
const LOAD = { path: '/', connections: 32, bodyBytes: BODY_BYTES, bytesEach: BODY_BYTES } as const;
const MAIN_FIGURE = 'cpuMicrosPerMb';

export const upload: Scenario = {
  name: 'upload',
  title: 'request bodies of 1 MiB over 32 connections',
  mainFigure: MAIN_FIGURE,
  async run({ quick, progress }) {
    const wrk = needProgram('wrk').path;
    await using bench = new Workbench();
    const task = { mode: 'http', to: await startSink(bench), bulk: true } as const;
    const weft = await startWeft(bench, task);
    const peers = await startPeers(bench, task, { peers: BULK_PEERS });
    const paths = [weft, ...peers.paths];
    for (const path of paths) await check(path);
    const subjects = paths.map((path) => ({
      ...path,
      sample: (seconds: number) => driveRequests(bench, wrk, path, LOAD, seconds),
    }));
    return await interleave(subjects, peers.missing, {
      ...roundsOf(quick),
      mainFigure: MAIN_FIGURE,
      progress,
    });
  },
};

async function startSink(bench: Workbench): Promise<number> {
  const port = await bench.takePort();
  const program = join(import.meta.dirname, 'upload-sink.ts');
  await bench.serve(bench.cores.backend, port, process.execPath, [program, String(port)]);
  return port;
}

/** Throws unless the whole body arrives. */
async function check({ name, port }: ProxyPath): Promise<void> {
  const arrived = await call(port, '/', Buffer.alloc(BODY_BYTES, 'x'));
  if (arrived !== String(BODY_BYTES))
    throw new Error(`of a body of ${BODY_BYTES} bytes ${name} passed on ${arrived}`);
}
