/**
 * From the start of the process to the first good answer. The sidecar is ready when it says so: its configuration, a mesh of 50
 * services, has come from a control plane that runs, and it listens. The others read theirs, one service, from a file, and are
 * ready when a request comes through.
 */
import { SidecarConfig } from '#api/mesh/sidecar-config.ts';
import { NODE_ENVIRONMENT, nodeFlags, sidecarLimits } from '#node-runtime/injection/sidecar-limits.ts';
import { bundleSidecar } from '#node-runtime/wiring/sidecar-bundle.ts';
import { memoryOf } from '../../harness/accounting.ts';
import type { Sample } from '../../harness/interleave.ts';
import type { PinnedProcess } from '../../harness/pinned-process.ts';
import { BENCH_DIRECTORY } from '../../harness/programs.ts';
import { startBackend } from '../../peers/backend.ts';
import type { Scenario } from '../../scenario.ts';
import { WEFT_VERSION } from '../../weft/measured-mesh.ts';
import { BenchControlPlane } from '../control-plane.ts';
import { firstInLine } from '../first-in-line.ts';
import { presentPeers, sampleInTurn } from '../fresh-processes.ts';
import { Histogram } from '../latency/histogram.ts';
import { StartClock } from './start-clock.ts';

const SERVICES = 50;

export const STARTUP: Scenario = {
  name: 'startup',
  title: `process start to ready, the sidecar with ${SERVICES} services from a control plane`,
  mainFigure: 'startMs',
  async run({ quick, progress }) {
    using _priority = firstInLine();
    await using bench = new StartClock();
    const to = await startBackend(bench);
    await using controlPlane = await BenchControlPlane.start(bench, bench.cores.load, SERVICES);
    await controlPlane.interest();
    const bundle = await bundleSidecar(BENCH_DIRECTORY);
    const { subjects, missing } = presentPeers(async (peer, program) => {
      const { process } = await peer.start(bench, program, { mode: 'http', to });
      return await finish(bench, process);
    });
    const weft = {
      name: 'weft',
      version: WEFT_VERSION,
      sample: async () => finish(bench, await startSidecar(bench, bundle, controlPlane.xdsSocket)),
    };
    return await sampleInTurn([weft, ...subjects], missing, {
      rounds: quick ? 7 : 25,
      mainFigure: 'startMs',
      progress,
      more: (samples) => ({ startP99Ms: p99Of(samples.map(({ startMs }) => startMs!)) }),
    });
  },
};

/** As the node runtime starts it, outside of a container. */
async function startSidecar(bench: StartClock, bundle: string, xdsSocket: string): Promise<PinnedProcess> {
  const ports = {
    outbound: await bench.takePort(),
    inbound: await bench.takePort(),
    admin: await bench.takePort(),
    metrics: await bench.takePort(),
    readiness: await bench.takePort(),
    ownMetrics: await bench.takePort(),
  };
  const config = SidecarConfig.parse({
    ...{ pod: 'client-0', namespace: 'default', podIp: '127.0.0.1', workload: 'client' },
    discoveryAddress: `unix:${xdsSocket}`,
    ports,
  });
  const path = bench.write(`sidecar-${ports.outbound}.json`, JSON.stringify(config));
  const args = [...nodeFlags(sidecarLimits({}).memoryBytes ?? 0), bundle, path];
  return await bench.untilAnswer({ port: ports.readiness, path: '/healthz/ready' }, () =>
    bench.start(bench.cores.proxy, process.execPath, args, NODE_ENVIRONMENT),
  );
}

async function finish(bench: StartClock, started: PinnedProcess): Promise<Sample> {
  const sample = { startMs: bench.startMs, ...memoryOf([started.pid]) };
  await started[Symbol.asyncDispose]();
  return sample;
}

function p99Of(values: readonly number[]): number {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return Math.round(histogram.percentile(0.99) * 10) / 10;
}
