/** `http1` and its variants: answers of one size over so many connections, through one proxy. */
import { interleave } from '../harness/interleave.ts';
import type { ProxyPath } from '../harness/path.ts';
import { needProgram } from '../harness/programs.ts';
import { Workbench } from '../harness/workbench.ts';
import { BODIES, startBackend } from '../peers/backend.ts';
import { BULK_PEERS, PEERS } from '../peers/peers.ts';
import type { Scenario } from '../scenario.ts';
import { checkPath } from './check-path.ts';
import { driveRequests, type RequestLoad } from './drive-requests.ts';
import { type Paths, startPeers, startWeft } from './paths.ts';
import { CLIENT_HEADERS, SIDECAR_HEADERS } from './request-head.ts';
import { roundsOf } from './rounds.ts';

interface Download {
  readonly path: keyof typeof BODIES;
  readonly connections: number;
  /** Also the app's sidecar, which gets the larger heads that a client's sidecar sends, and who does the same beside it. */
  readonly inbound?: boolean;
  /** Compare by the mebibyte, not by the request. */
  readonly byByte?: boolean;
  /** Of a quick run. */
  readonly weight?: 'goal' | 'other';
}

export function download(name: string, title: string, wanted: Download): Scenario {
  const mainFigure = wanted.byByte === true ? 'cpuMicrosPerMb' : 'cpuMicrosPerRequest';
  return {
    name,
    title,
    mainFigure,
    async run({ quick, progress }) {
      const wrk = needProgram('wrk').path;
      await using bench = new Workbench();
      const { paths, missing } = await start(bench, wanted);
      const subjects = paths.map((path) => ({
        ...path,
        sample: (seconds: number) => driveRequests(bench, wrk, path, loadOf(path, wanted), seconds),
      }));
      return await interleave(subjects, missing, { ...roundsOf(quick, wanted.weight), mainFigure, progress });
    },
  };
}

async function start(
  bench: Workbench,
  { path, inbound = false, byByte: bulk = false }: Download,
): Promise<Paths> {
  const task = { mode: 'http', to: await startBackend(bench), bulk } as const;
  const outbound = [await startWeft(bench, task)];
  const peers = await startPeers(bench, task, { peers: bulk ? BULK_PEERS : PEERS });
  for (const each of [...outbound, ...peers.paths]) await checkPath(each, path, { adds: true });
  if (!inbound) return { ...peers, paths: [...outbound, ...peers.paths] };
  const sidecar = await startWeft(bench, task, 'inbound');
  const beside = PEERS.filter(({ name }) => name === 'haproxy' || name === 'envoy');
  const larger = await startPeers(bench, task, { peers: beside, suffix: '-inbound' });
  for (const each of [sidecar, ...larger.paths]) await checkPath(each, path, { adds: false });
  return {
    paths: [...outbound, ...peers.paths, sidecar, ...larger.paths],
    missing: [...peers.missing, ...larger.missing],
  };
}

function loadOf({ name }: ProxyPath, { path, connections, byByte = false }: Download): RequestLoad {
  const headers = name.endsWith('-inbound') ? SIDECAR_HEADERS : CLIENT_HEADERS;
  return { path, connections, headers, ...(byByte && { bytesEach: BODIES[path] }) };
}
