/** `two-hops`: from app to app in a mesh, through the client's proxy and the server's. Figures are sums of both. */
import { interleave } from '../harness/interleave.ts';
import type { ProxyPath } from '../harness/path.ts';
import { needProgram } from '../harness/programs.ts';
import { Workbench } from '../harness/workbench.ts';
import { checkPath } from '../http1/check-path.ts';
import { driveRequests } from '../http1/drive-requests.ts';
import { roundsOf } from '../http1/rounds.ts';
import { startBackend } from '../peers/backend.ts';
import { envoy } from '../peers/envoy.ts';
import { haproxy } from '../peers/haproxy.ts';
import type { MissingSubject, Scenario } from '../scenario.ts';
import { MeasuredMesh, WEFT_VERSION } from '../weft/measured-mesh.ts';

const MAIN_FIGURE = 'cpuMicrosPerRequest';

export const twoHops: Scenario = {
  name: 'two-hops',
  title: 'answers of 1 KiB over 32 connections, through the proxies of client and server: sums of both',
  mainFigure: MAIN_FIGURE,
  async run({ quick, progress }) {
    const wrk = needProgram('wrk').path;
    await using bench = new Workbench();
    const backend = await startBackend(bench);
    const paths = [await twoSidecars(bench, backend)];
    const missing: MissingSubject[] = [];
    for (const peer of [haproxy, envoy]) {
      const program = peer.find('http');
      if ('why' in program) {
        missing.push({ name: peer.name, why: program.why });
        continue;
      }
      const server = await peer.start(bench, program, { mode: 'http', to: backend });
      const client = await peer.start(bench, program, { mode: 'http', to: server.port });
      const processes = [client.process, server.process];
      paths.push({ name: peer.name, version: program.version, port: client.port, processes });
    }
    for (const path of paths) await checkPath(path, '/1k', { adds: false });
    const load = { path: '/1k', connections: 32 } as const;
    const subjects = paths.map((path) => ({
      ...path,
      sample: (seconds: number) => driveRequests(bench, wrk, path, load, seconds),
    }));
    return await interleave(subjects, missing, {
      ...roundsOf(quick, 'goal'),
      mainFigure: MAIN_FIGURE,
      progress,
    });
  },
};

async function twoSidecars(bench: Workbench, backend: number): Promise<ProxyPath> {
  const between = await bench.takePort();
  const plan = { protocol: 'http', appPort: backend, endpoints: [between] } as const;
  const mesh = await MeasuredMesh.start(bench, plan);
  const server = await mesh.inbound(between);
  const client = await mesh.outbound();
  return {
    name: 'weft',
    version: WEFT_VERSION,
    port: client.port,
    processes: [client.process, server.process],
  };
}
