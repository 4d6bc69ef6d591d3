/**
 * One endpoint of one service of a hundred moves, and every sidecar learns of it: from the write to the API until each has
 * acknowledged. The control plane has a core to itself; the sidecars are simulated on another, so that their own work delays the
 * later ones among a thousand: the figure is an upper bound.
 */
import { cpuTimeOf, memoryOf } from '../../harness/accounting.ts';
import { median } from '../../harness/statistics.ts';
import { Workbench } from '../../harness/workbench.ts';
import type { Scenario, SubjectFigures } from '../../scenario.ts';
import { WEFT_VERSION } from '../../weft/measured-mesh.ts';
import { BenchControlPlane } from '../control-plane.ts';
import { firstInLine } from '../first-in-line.ts';
import { Histogram } from '../latency/histogram.ts';
import { Fleet } from './fleet.ts';

const SERVICES = 100;
const FLEETS = [1, 100, 1_000];
const WARM_UP_CHANGES = 3;
/** Between changes: garbage of the last one is collected, and two never share a push. */
const PAUSE_MS = 150;
const MISSING = [
  { name: 'istiod', why: 'it needs a Kubernetes API server; its published figures are for other machines' },
];

export const PUSH: Scenario = {
  name: 'push',
  title: `one endpoint moves in a mesh of ${SERVICES} services: API write to the ACK of each of 1, 100 and 1,000 sidecars`,
  mainFigure: 'p99Ms',
  async run({ quick, progress }) {
    const changes = quick ? 8 : 25;
    using _priority = firstInLine();
    await using bench = new Workbench();
    await using controlPlane = await BenchControlPlane.start(bench, bench.cores.proxy, SERVICES);
    const interest = await controlPlane.interest();
    const subjects: SubjectFigures[] = [];
    for (const count of FLEETS) {
      progress(`${count} sidecars connect`);
      await using fleet = await Fleet.start(bench.cores.load, controlPlane.xdsSocket, count, interest);
      progress(`${changes} changes to ${count} sidecars`);
      subjects.push(await measure(controlPlane, fleet, count, changes));
    }
    return { rounds: changes, subjects, missing: MISSING, ratios: {} };
  },
};

async function measure(
  controlPlane: BenchControlPlane,
  fleet: Fleet,
  count: number,
  changes: number,
): Promise<SubjectFigures> {
  const times = new Histogram();
  const lasts: number[] = [];
  const micros: number[] = [];
  const { pid } = controlPlane.process;
  for (let i = -WARM_UP_CHANGES; i < changes; i += 1) {
    const address = `10.201.${i + WARM_UP_CHANGES}.${count % 250}`;
    const service = i + WARM_UP_CHANGES;
    const before = cpuTimeOf([pid]);
    const took = await fleet.timePush(address, () => controlPlane.moveEndpoint(service, address));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    controlPlane.process.assertAlive();
    const after = cpuTimeOf([pid]);
    if (i < 0) continue;
    for (const ms of took) times.record(ms);
    lasts.push(Math.max(...took));
    micros.push(after.userMicros + after.sysMicros - before.userMicros - before.sysMicros);
  }
  const mean = micros.reduce((sum, each) => sum + each, 0) / changes;
  return {
    name: `weft-${count}`,
    version: WEFT_VERSION,
    sidecars: count,
    p50Ms: rounded(times.percentile(0.5)),
    p90Ms: rounded(times.percentile(0.9)),
    p99Ms: rounded(times.percentile(0.99)),
    lastAckMs: rounded(median(lasts)),
    cpuMsPerPush: rounded(mean / 1_000),
    ...memoryOf([pid]),
  };
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
