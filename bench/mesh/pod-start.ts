import { Pod } from '#api/kinds/pod.ts';
import type { BenchMesh } from './bench-mesh.ts';
import { echoPod } from './manifests.ts';
import { type Summary, summarise } from './statistics.ts';
import { isReady, podUntil } from './wait-for.ts';

export interface PodStart {
  /** Milliseconds from the POST of the pod to the watch event that says Ready. */
  readonly withSidecar: Summary;
  readonly withoutSidecar: Summary;
}

/** Starts pods one at a time, with and without a sidecar in turn. */
export async function measurePodStart({ client }: BenchMesh, rounds: number): Promise<PodStart> {
  const times: Record<'true' | 'false', number[]> = { true: [], false: [] };
  for (let round = 0; round < rounds; round++) {
    for (const inject of ['true', 'false'] as const) {
      const name = `start-${inject}-${round}`;
      const begun = performance.now();
      await client.create(Pod, echoPod(name, 'v1', { 'sidecar.istio.io/inject': inject }));
      await podUntil(client, name, (pod) => pod !== undefined && isReady(pod));
      times[inject].push(performance.now() - begun);
      await client.delete(Pod, 'default', name);
      await podUntil(client, name, (pod) => pod === undefined);
    }
  }
  return { withSidecar: summarise(times.true), withoutSidecar: summarise(times.false) };
}
