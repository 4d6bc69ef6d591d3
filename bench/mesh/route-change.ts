/**
 * `route-change`: how soon a change of routes is felt. A caller's pod asks through its sidecar at a steady pace, and says when the
 * answers changed.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { DestinationRule } from '#api/kinds/destination-rule.ts';
import { Pod } from '#api/kinds/pod.ts';
import { Service } from '#api/kinds/service.ts';
import { VirtualService } from '#api/kinds/virtual-service.ts';
import type { Scenario } from '../scenario.ts';
import { WEFT_VERSION } from '../weft/measured-mesh.ts';
import { type BenchMesh, onBenchMesh } from './bench-mesh.ts';
import { askerPod, complete, ECHO_SERVICE, ECHO_SUBSETS, echoPod, echoRoute } from './manifests.ts';
import { percentile } from './statistics.ts';
import { isReady, podUntil } from './wait-for.ts';

const ready = (pod: Pod | undefined): boolean => pod !== undefined && isReady(pod);

/** The caller says once a second how many requests there were and how many failed. */
const COUNT_MS = 1_200;
/** Requests of the caller while the routes change. */
const PER_SECOND = 200;

export const routeChange: Scenario = {
  name: 'route-change',
  title: `all traffic of a service moves to another version, to and fro, at ${PER_SECOND} requests/s (root)`,
  mainFigure: 'p50Ms',
  run: ({ quick, progress }) =>
    onBenchMesh(async (mesh) => {
      const changes = quick ? 10 : 50;
      progress(`${changes} changes`);
      const { untilTraffic, untilAcknowledged, requests, failed } = await measure(mesh, changes);
      const figures = {
        p50Ms: percentile(untilTraffic, 0.5),
        p90Ms: percentile(untilTraffic, 0.9),
        p99Ms: percentile(untilTraffic, 0.99),
        ackP50Ms: percentile(untilAcknowledged, 0.5),
        ackP99Ms: percentile(untilAcknowledged, 0.99),
        requests,
        failed,
      };
      const subjects = [{ name: 'weft', version: WEFT_VERSION, ...figures }];
      return { rounds: changes, subjects, missing: [], ratios: {} };
    }),
};

interface Changes {
  /** Milliseconds from sending each change to the first answer of the new version, seen by the caller's pod. */
  readonly untilTraffic: readonly number[];
  /** Milliseconds from sending each change until every sidecar had acknowledged it. */
  readonly untilAcknowledged: readonly number[];
  readonly requests: number;
  readonly failed: number;
}

async function measure(mesh: BenchMesh, changes: number): Promise<Changes> {
  const { client } = mesh;
  const seconds = Math.ceil(changes * 0.5) + 10;
  await client.create(Service, ECHO_SERVICE);
  await client.create(DestinationRule, complete(DestinationRule, ECHO_SUBSETS));
  let version = (await client.create(VirtualService, complete(VirtualService, echoRoute('v1')))).metadata;
  for (const subset of ['v1', 'v2']) await client.create(Pod, echoPod(`echo-${subset}`, subset));
  for (const name of ['echo-v1', 'echo-v2']) await podUntil(client, name, ready);
  await client.create(Pod, askerPod('asker', 'http://echo:8080/', PER_SECOND, seconds));
  await podUntil(client, 'asker', ready);
  await pause(2_000);

  const sent: { at: number; subset: string }[] = [];
  const acknowledged: number[] = [];
  for (let i = 0; i < changes; i++) {
    const subset = i % 2 === 0 ? 'v2' : 'v1';
    const route = complete(VirtualService, echoRoute(subset));
    route.metadata.resourceVersion = version.resourceVersion;
    const begun = performance.now();
    sent.push({ at: Date.now(), subset });
    version = (await client.patch(VirtualService, 'default', 'echo', { spec: route.spec })).metadata;
    await client.request('GET', '/weft/v1/rollout', {
      query: { resourceVersion: version.resourceVersion, timeoutSeconds: 10 },
    });
    acknowledged.push(performance.now() - begun);
    await pause(400);
  }
  await pause(COUNT_MS);
  return { ...readLog(await mesh.weft('logs', 'asker'), sent), untilAcknowledged: acknowledged };
}

function readLog(
  log: string,
  sent: readonly { at: number; subset: string }[],
): Omit<Changes, 'untilAcknowledged'> {
  const lines = log.trim().split('\n');
  const totals =
    lines
      .filter((line) => line.startsWith('#'))
      .at(-1)
      ?.split(' ') ?? [];
  const answers = lines
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.split(' '))
    .map(([at, , body]) => ({ at: Number(at), body }));
  const delays = sent.map(({ at, subset }) => {
    const first = answers.find((answer) => answer.at >= at && answer.body === subset);
    if (first === undefined) throw new Error(`no answer of ${subset} after the change to it`);
    return first.at - at;
  });
  return { untilTraffic: delays, requests: Number(totals[1]), failed: Number(totals[2]) };
}
