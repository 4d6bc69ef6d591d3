/**
 * `sidecar-memory`: ten pods with sidecars on one node, after a load that went through all of them: one pod calls, nine answer.
 * `weft` is the median of the ten, `weft-client` the one of the caller, which had all requests.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Pod } from '#api/kinds/pod.ts';
import { Service } from '#api/kinds/service.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import { type Memory, parseRollup, parseStat } from '../harness/accounting.ts';
import type { Scenario, SubjectFigures } from '../scenario.ts';
import { WEFT_VERSION } from '../weft/measured-mesh.ts';
import { type BenchMesh, onBenchMesh } from './bench-mesh.ts';
import { askerPod, ECHO_SERVICE, echoPod } from './manifests.ts';
import { percentile } from './statistics.ts';
import { isReady, podUntil } from './wait-for.ts';

const SIDECARS = 10;
const PER_SECOND = 1_000;

export const sidecarMemory: Scenario = {
  name: 'sidecar-memory',
  title: `memory of ${SIDECARS} sidecars on one node after a load of ${PER_SECOND} requests/s (root)`,
  mainFigure: 'privateMb',
  run: ({ quick, progress }) =>
    onBenchMesh(async (mesh) => {
      progress(`${SIDECARS} pods start`);
      const seconds = quick ? 6 : 60;
      await startPods(mesh, seconds);
      progress(`${seconds} s of load`);
      await podUntil(mesh.client, 'asker', (pod) => pod !== undefined && isReady(pod));
      await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
      const memories = sidecarMemories(mesh.config);
      if (memories.length !== SIDECARS) throw new Error(`${memories.length} of ${SIDECARS} sidecars run`);
      const client = memories.toSorted((a, b) => b.cpuMicros - a.cpuMicros)[0]!;
      const subjects = [figuresOf('weft', memories), figuresOf('weft-client', [client])];
      return { rounds: 1, subjects, missing: [], ratios: {} };
    }),
};

async function startPods({ client }: BenchMesh, seconds: number): Promise<void> {
  await client.create(Service, ECHO_SERVICE);
  const names = Array.from({ length: SIDECARS - 1 }, (_, i) => `echo-${i}`);
  for (const name of names) await client.create(Pod, echoPod(name, 'v1'));
  for (const name of names) await podUntil(client, name, (pod) => pod !== undefined && isReady(pod));
  await client.create(Pod, askerPod('asker', 'http://echo:8080/', PER_SECOND, seconds + 5));
}

function figuresOf(name: string, memories: readonly Memory[]): SubjectFigures {
  const middle = (figure: keyof Memory): number =>
    percentile(
      memories.map((memory) => memory[figure]),
      0.5,
    );
  return {
    name,
    version: WEFT_VERSION,
    rssMb: middle('rssMb'),
    pssMb: middle('pssMb'),
    privateMb: middle('privateMb'),
  };
}

interface Sidecar extends Memory {
  /** Since its start. */
  readonly cpuMicros: number;
}

/** Of every sidecar process of this mesh, now. */
function sidecarMemories(config: MeshConfig): Sidecar[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && isSidecarOf(config, pid))
    .map((pid) => {
      const { userMicros, sysMicros } = parseStat(read(pid, 'stat'));
      return { ...parseRollup(read(pid, 'smaps_rollup')), cpuMicros: userMicros + sysMicros };
    });
}

function isSidecarOf(config: MeshConfig, pid: string): boolean {
  return /^Uid:\s+1337\b/m.test(read(pid, 'status')) && read(pid, 'cgroup').includes(`/weft-${config.id}/`);
}

/** Empty when the process has ended. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
