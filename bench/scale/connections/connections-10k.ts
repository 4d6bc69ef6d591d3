/** What a connection costs that does nothing: 10,000 keep-alive connections, each of which has had one request answered. */

import type { Sample } from '../../harness/interleave.ts';
import { Workbench } from '../../harness/workbench.ts';
import { CLIENT_HEADERS } from '../../http1/request-head.ts';
import { startBackend } from '../../peers/backend.ts';
import type { Hop } from '../../peers/peer.ts';
import type { Scenario } from '../../scenario.ts';
import { MeasuredMesh, WEFT_VERSION } from '../../weft/measured-mesh.ts';
import { presentPeers, sampleInTurn } from '../fresh-processes.ts';
import { sendAtConstantRate } from '../latency/latencies.ts';
import { measureIdle } from './measure-idle.ts';
import { allowFiles } from './open-files.ts';

const CONNECTIONS = 10_000;
/** Upstream connections, listeners, libraries. */
const OTHER_FILES = 1_000;
/** What HAProxy keeps for itself: listeners, pipes, checks. */
const OWN_FILES = 100;
/**
 * HAProxy counts an upstream connection for each downstream one against the limit of open files and lets the rest wait: where the
 * limit is low it gets fewer. `connections` says how many there were.
 */
function fitting(name: string, files: number): number {
  return name === 'haproxy' ? Math.min(CONNECTIONS, Math.floor((files - OWN_FILES) / 2)) : CONNECTIONS;
}

/** So that buffers and code that the first requests need are not counted as the connections'. */
const WARM_UP = {
  path: '/1k',
  perSecond: 4_000,
  seconds: 1,
  connections: 32,
  headers: CLIENT_HEADERS,
} as const;

export const CONNECTIONS_10K: Scenario = {
  name: 'connections-10k',
  title: '10,000 idle keep-alive connections: memory of each, CPU while idle',
  mainFigure: 'bytesPerConnection',
  async run({ quick, progress }) {
    const files = await allowFiles(CONNECTIONS + OTHER_FILES);
    const idleSeconds = quick ? 2 : 10;
    const sample = async (
      start: (bench: Workbench, to: number) => Promise<Hop>,
      count = CONNECTIONS,
    ): Promise<Sample> => {
      await using bench = new Workbench();
      const hop = await start(bench, await startBackend(bench));
      await sendAtConstantRate(bench.cores.load, hop.port, WARM_UP);
      return await measureIdle(bench.cores.load, hop, count, idleSeconds);
    };
    const { subjects, missing } = presentPeers((peer, program) =>
      sample((bench, to) => peer.start(bench, program, { mode: 'http', to }), fitting(peer.name, files)),
    );
    const weft = {
      name: 'weft',
      version: WEFT_VERSION,
      sample: () =>
        sample(async (bench, to) => {
          const mesh = await MeasuredMesh.start(bench, { protocol: 'http', appPort: to, endpoints: [to] });
          return await mesh.outbound();
        }),
    };
    const plan = { rounds: quick ? 1 : 3, mainFigure: 'bytesPerConnection', progress };
    return await sampleInTurn([weft, ...subjects], missing, plan);
  },
};
