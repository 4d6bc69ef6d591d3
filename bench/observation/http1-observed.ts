/** `http1-observed`: what it costs a sidecar to be seen: without metrics, with metrics and traces, with logs too. */
import { join } from 'node:path';
import { interleave } from '../harness/interleave.ts';
import type { ProxyPath } from '../harness/path.ts';
import { needProgram } from '../harness/programs.ts';
import { Workbench } from '../harness/workbench.ts';
import { checkPath } from '../http1/check-path.ts';
import { driveRequests } from '../http1/drive-requests.ts';
import { roundsOf } from '../http1/rounds.ts';
import { startBackend } from '../peers/backend.ts';
import type { Scenario } from '../scenario.ts';
import { MeasuredMesh, WEFT_VERSION } from '../weft/measured-mesh.ts';
import type { MeshPlan } from '../weft/mesh-plan.ts';
import { DARK, logged, traced } from './objects.ts';

const MAIN_FIGURE = 'cpuMicrosPerRequest';
const LOAD = { path: '/1k', connections: 32 } as const;
const PAIRS = [
  ['weft', 'weft-dark'],
  ['weft-logs', 'weft'],
  ['weft-dead-collector', 'weft'],
] as const;

export const http1Observed: Scenario = {
  name: 'http1-observed',
  title:
    'http1 with metrics and 1 % of the requests traced, against neither; with JSON logs too; with a dead collector',
  mainFigure: MAIN_FIGURE,
  async run({ quick, progress }) {
    const wrk = needProgram('wrk').path;
    await using bench = new Workbench();
    const backend = await startBackend(bench);
    const collector = await startCollector(bench);
    const nobody = await bench.takePort();
    const sidecar = (name: string, objects: MeshPlan['objects'] = [], output?: number) =>
      startSidecar(bench, backend, name, objects, output);
    const paths = [
      await sidecar('weft-dark', DARK),
      await sidecar('weft', traced(collector)),
      await sidecar('weft-logs', logged(collector), await bench.drain(bench.cores.load)),
      await sidecar('weft-dead-collector', traced(nobody)),
    ];
    for (const path of paths) await checkPath(path, '/1k', { adds: true });
    const subjects = paths.map((path) => ({
      ...path,
      sample: (seconds: number) => driveRequests(bench, wrk, path, LOAD, seconds),
    }));
    const plan = { ...roundsOf(quick, 'goal'), mainFigure: MAIN_FIGURE, pairs: PAIRS, progress };
    return await interleave(subjects, [], plan);
  },
};

async function startCollector(bench: Workbench): Promise<number> {
  const port = await bench.takePort();
  const program = join(import.meta.dirname, 'collector.ts');
  await bench.serve(bench.cores.load, port, process.execPath, [program, String(port)]);
  return port;
}

async function startSidecar(
  bench: Workbench,
  backend: number,
  name: string,
  objects: NonNullable<MeshPlan['objects']>,
  output: number | undefined,
): Promise<ProxyPath> {
  const plan = { protocol: 'http', appPort: backend, endpoints: [backend], objects } as const;
  const mesh = await MeasuredMesh.start(bench, plan);
  const { port, process } = await mesh.outbound(output);
  return { name, version: WEFT_VERSION, port, processes: [process] };
}
