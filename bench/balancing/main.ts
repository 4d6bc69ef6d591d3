/**
 * One of ten endpoints slowed from 5 ms to 500 ms for half of a minute, at 300 requests/s: what the callers of real sidecar
 * processes see with each balancer. All balancers run at the same time, each with its own sidecar, endpoints and load.
 *
 * Usage: node bench/balancing/main.ts   (about 65 s; writes slow-endpoint.json and slow-endpoint.svg beside itself)
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { leaveNothing } from '../harness/leave-nothing.ts';
import { Workbench } from '../harness/workbench.ts';
import { MeasuredMesh } from '../weft/measured-mesh.ts';
import { type Sample, sendAtConstantRate } from './constant-rate.ts';
import { type Delay, USUAL_DELAY_MS } from './delay.ts';
import { drawChart } from './plot.ts';

const BALANCERS = [
  { loadBalancer: undefined, name: 'peak-EWMA (default)', colour: '#1b7f5c' },
  { loadBalancer: 'LEAST_REQUEST', name: 'least request', colour: '#c77c11' },
  { loadBalancer: 'ROUND_ROBIN', name: 'round robin', colour: '#b3364c' },
] as const;
const ENDPOINTS = 10;
const PER_SECOND = 300;
const SECONDS = 60;
const SLOW = { fromS: 15, toS: 45, delayMs: 500 };
const FIRST_SERVER = 28_200;
/** The default balancer is to keep this part of the requests under this time. */
const LIMIT_MS = 100;

interface Row {
  readonly balancer: string;
  readonly requests: number;
  readonly failed: number;
  readonly under100ms: number;
  readonly under100msWhileSlow: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly toSlowEndpoint: number;
  readonly p99EachSecondMs: readonly number[];
}

const slowed = BALANCERS.map((_, i) => FIRST_SERVER + i * ENDPOINTS);

async function main(): Promise<void> {
  const servers = fork(new URL('servers.ts', import.meta.url), [
    String(FIRST_SERVER),
    String(ENDPOINTS * BALANCERS.length),
  ]);
  await once(servers, 'message');
  using _servers = { [Symbol.dispose]: () => servers.disconnect() };
  await using bench = new Workbench();
  const ports: number[] = [];
  for (const index of BALANCERS.keys()) ports.push(await startSidecar(bench, index));
  await loadAll(ports, 2);
  const measured = loadAll(ports, SECONDS);
  await pause(SLOW.fromS * 1_000);
  const before = await countsOf(servers);
  setDelay(servers, SLOW.delayMs);
  await pause((SLOW.toS - SLOW.fromS) * 1_000);
  setDelay(servers, USUAL_DELAY_MS);
  const after = await countsOf(servers);
  const rows = (await measured).map((samples, i) =>
    summarise(BALANCERS[i]!.name, samples, after[slowed[i]!]! - before[slowed[i]!]!),
  );
  report(rows);
}

/** Returns the sidecar's port. */
async function startSidecar(bench: Workbench, index: number): Promise<number> {
  const endpoints = Array.from({ length: ENDPOINTS }, (_, i) => FIRST_SERVER + index * ENDPOINTS + i);
  const { loadBalancer } = BALANCERS[index]!;
  const plan = { protocol: 'http', appPort: endpoints[0]!, endpoints } as const;
  const mesh = await MeasuredMesh.start(bench, { ...plan, ...(loadBalancer && { loadBalancer }) });
  return (await mesh.outbound()).port;
}

function loadAll(ports: readonly number[], seconds: number): Promise<Sample[][]> {
  return Promise.all(ports.map((port) => sendAtConstantRate(port, { perSecond: PER_SECOND, seconds })));
}

function setDelay(servers: ChildProcess, delayMs: number): void {
  for (const port of slowed) servers.send({ port, delayMs } satisfies Delay);
}

async function countsOf(servers: ChildProcess): Promise<Record<number, number>> {
  servers.send('counts');
  const [counts] = await once(servers, 'message');
  return counts;
}

function summarise(balancer: string, samples: readonly Sample[], toSlowEndpoint: number): Row {
  const whileSlow = samples.filter(({ atMs }) => atMs >= SLOW.fromS * 1_000 && atMs < SLOW.toS * 1_000);
  const second = (i: number): Sample[] => samples.filter(({ atMs }) => Math.floor(atMs / 1_000) === i);
  return {
    balancer,
    requests: samples.length,
    failed: samples.filter(({ ok }) => !ok).length,
    under100ms: shareUnderLimit(samples),
    under100msWhileSlow: shareUnderLimit(whileSlow),
    p50Ms: percentile(samples, 0.5),
    p99Ms: percentile(samples, 0.99),
    p999Ms: percentile(samples, 0.999),
    toSlowEndpoint,
    p99EachSecondMs: Array.from({ length: SECONDS }, (_, i) => percentile(second(i), 0.99)),
  };
}

function shareUnderLimit(samples: readonly Sample[]): number {
  return samples.filter(({ ok, tookMs }) => ok && tookMs < LIMIT_MS).length / samples.length;
}

/** Nearest rank, to a tenth of a millisecond. */
function percentile(samples: readonly Sample[], share: number): number {
  const sorted = samples.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  return Math.round((sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN) * 10) / 10;
}

function report(rows: readonly Row[]): void {
  const setting = { endpoints: ENDPOINTS, perSecond: PER_SECOND, seconds: SECONDS, slow: SLOW, rows };
  const chart = drawChart({
    title: `p99 of each second, ${PER_SECOND} requests/s over ${ENDPOINTS} endpoints of ${USUAL_DELAY_MS} ms`,
    lines: rows.map((row, i) => ({
      name: row.balancer,
      colour: BALANCERS[i]!.colour,
      values: row.p99EachSecondMs,
    })),
    span: { from: SLOW.fromS, to: SLOW.toS, label: `one endpoint takes ${SLOW.delayMs} ms` },
    seconds: SECONDS,
  });
  writeFileSync(new URL('slow-endpoint.json', import.meta.url), `${JSON.stringify(setting, null, 2)}\n`);
  writeFileSync(new URL('slow-endpoint.svg', import.meta.url), chart);
  console.log(
    '| balancer | under 100 ms | under 100 ms in the slow 30 s | p50 ms | p99 ms | p99.9 ms | requests to the slow endpoint in those | failed |',
  );
  console.log('|---|---|---|---|---|---|---|---|');
  for (const row of rows) {
    const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
    const cells = [
      row.balancer,
      percent(row.under100ms),
      percent(row.under100msWhileSlow),
      row.p50Ms,
      row.p99Ms,
      row.p999Ms,
      row.toSlowEndpoint,
      row.failed,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

leaveNothing();
await main();
