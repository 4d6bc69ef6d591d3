/** `pod-start`: from the POST of a pod to the watch event that says Ready, its readiness probe included; one pod at a time. */
import { Pod } from '#api/kinds/pod.ts';
import { ratioOf } from '../harness/statistics.ts';
import type { Measured, Scenario, SubjectFigures } from '../scenario.ts';
import { WEFT_VERSION } from '../weft/measured-mesh.ts';
import { type BenchMesh, onBenchMesh } from './bench-mesh.ts';
import { echoPod } from './manifests.ts';
import { percentile } from './statistics.ts';
import { isReady, podUntil } from './wait-for.ts';

export const podStart: Scenario = {
  name: 'pod-start',
  title: 'POST of a pod to Ready, with and without a sidecar (root)',
  mainFigure: 'readyMs',
  run: ({ quick, progress }) =>
    onBenchMesh((mesh) => {
      const rounds = quick ? 5 : 20;
      progress(`${rounds} pods with a sidecar and as many without, in turn`);
      return measure(mesh, rounds);
    }),
};

async function measure(mesh: BenchMesh, rounds: number): Promise<Measured> {
  const withSidecar: number[] = [];
  const without: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    withSidecar.push(await startOne(mesh, `with-${round}`, 'true'));
    without.push(await startOne(mesh, `without-${round}`, 'false'));
  }
  const ratio = Math.round(ratioOf(withSidecar, without)! * 1_000) / 1_000;
  return {
    rounds,
    subjects: [figuresOf('weft', withSidecar), figuresOf('no-sidecar', without)],
    missing: [],
    ratios: { 'weft/no-sidecar': ratio },
  };
}

async function startOne({ client }: BenchMesh, name: string, inject: 'true' | 'false'): Promise<number> {
  const begun = performance.now();
  await client.create(Pod, echoPod(name, 'v1', { 'sidecar.istio.io/inject': inject }));
  await podUntil(client, name, (pod) => pod !== undefined && isReady(pod));
  const took = performance.now() - begun;
  await client.delete(Pod, 'default', name);
  await podUntil(client, name, (pod) => pod === undefined);
  return took;
}

function figuresOf(name: string, times: readonly number[]): SubjectFigures {
  return {
    name,
    version: WEFT_VERSION,
    readyMs: percentile(times, 0.5),
    readyP99Ms: percentile(times, 0.99),
  };
}
