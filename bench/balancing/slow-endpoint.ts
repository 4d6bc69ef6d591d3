/**
 * `slow-endpoint`: one of ten endpoints slows down from 5 ms to 500 ms for half of the time; what the callers of real sidecars see
 * with each balancer. All balancers run at the same time, each with its own sidecar, endpoints and load.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Workbench } from '../harness/workbench.ts';
import type { Measured, Scenario } from '../scenario.ts';
import { MeasuredMesh, WEFT_VERSION } from '../weft/measured-mesh.ts';
import { type Sample, sendAtConstantRate } from './constant-rate.ts';
import { USUAL_DELAY_MS } from './delay.ts';
import { publish } from './publish.ts';
import { Servers } from './slow-servers.ts';
import { type Row, type Span, summarise } from './summary.ts';

const BALANCERS = [
  { loadBalancer: undefined, subject: 'weft', name: 'peak-EWMA (default)', colour: '#1b7f5c' },
  { loadBalancer: 'LEAST_REQUEST', subject: 'weft-least-request', name: 'least request', colour: '#c77c11' },
  { loadBalancer: 'ROUND_ROBIN', subject: 'weft-round-robin', name: 'round robin', colour: '#b3364c' },
] as const;
const ENDPOINTS = 10;
const PER_SECOND = 300;
const SLOW_MS = 500;

interface Course {
  readonly seconds: number;
  readonly slow: Span;
}

const FULL: Course = { seconds: 60, slow: { fromS: 15, toS: 45 } };
const QUICK: Course = { seconds: 12, slow: { fromS: 3, toS: 9 } };

export const slowEndpoint: Scenario = {
  name: 'slow-endpoint',
  title: `one of ${ENDPOINTS} endpoints takes ${SLOW_MS} ms instead of ${USUAL_DELAY_MS} half of the time, ${PER_SECOND} requests/s, by balancer`,
  mainFigure: 'p99Ms',
  async run({ quick, progress }) {
    const course = quick ? QUICK : FULL;
    await using bench = new Workbench();
    await using servers = await Servers.start(await bench.takePort(), ENDPOINTS * BALANCERS.length);
    const ports: number[] = [];
    for (const index of BALANCERS.keys()) ports.push(await startSidecar(bench, servers, index));
    progress(`${course.seconds} s, all balancers beside each other`);
    const rows = await watch(ports, servers, course);
    const setting = { endpoints: ENDPOINTS, perSecond: PER_SECOND, ...course, delayMs: SLOW_MS, rows };
    if (!quick) publish(setting, BALANCERS);
    return measured(rows);
  },
};

/** Returns the sidecar's port. */
async function startSidecar(bench: Workbench, servers: Servers, index: number): Promise<number> {
  const endpoints = servers.ports.slice(index * ENDPOINTS, (index + 1) * ENDPOINTS);
  const { loadBalancer } = BALANCERS[index]!;
  const plan = { protocol: 'http', appPort: endpoints[0]!, endpoints } as const;
  const mesh = await MeasuredMesh.start(bench, { ...plan, ...(loadBalancer && { loadBalancer }) });
  return (await mesh.outbound()).port;
}

async function watch(ports: readonly number[], servers: Servers, { seconds, slow }: Course): Promise<Row[]> {
  const slowed = BALANCERS.map((_, i) => servers.ports[i * ENDPOINTS]!);
  await loadAll(ports, 2);
  const samples = loadAll(ports, seconds);
  await pause(slow.fromS * 1_000);
  const before = await servers.counts();
  for (const port of slowed) servers.delay(port, SLOW_MS);
  await pause((slow.toS - slow.fromS) * 1_000);
  for (const port of slowed) servers.delay(port, USUAL_DELAY_MS);
  const after = await servers.counts();
  return (await samples).map((each, i) => {
    const toSlowEndpoint = after[slowed[i]!]! - before[slowed[i]!]!;
    return { balancer: BALANCERS[i]!.name, ...summarise(each, seconds, slow), toSlowEndpoint };
  });
}

function loadAll(ports: readonly number[], seconds: number): Promise<Sample[][]> {
  return Promise.all(ports.map((port) => sendAtConstantRate(port, { perSecond: PER_SECOND, seconds })));
}

function measured(rows: readonly Row[]): Measured {
  const subjects = rows.map(({ balancer, p99EachSecondMs: _, ...figures }, i) => ({
    name: BALANCERS[i]!.subject,
    version: WEFT_VERSION,
    balancer,
    ...figures,
  }));
  return { rounds: 1, subjects, missing: [], ratios: {} };
}
