/**
 * One soak from start to verdict: a mesh that never stands still, a load that never stops, and then silence, in which
 * nothing may be left over.
 *
 *     configured ──▶ baseline ──▶ load and churn, sampled ──▶ no new visits, all end ──▶ accounts ──▶ applications go ──▶ leftovers
 */
import { seededRandom } from '#api/foundation/random.ts';
import { Accounts } from './accounts.ts';
import { AdsFeed } from './ads-feed.ts';
import { BadApp } from './bad-app.ts';
import { Churn } from './churn.ts';
import type { Destination } from './destinations.ts';
import { GoodApp } from './good-app.ts';
import type { World } from './http-client.ts';
import { Load } from './load.ts';
import { destinations } from './mesh-listeners.ts';
import { activeAtEndpoints, type Sample, scrape, sumOf } from './scrape.ts';
import type { Subject } from './subject.ts';
import { TcpApp } from './tcp-app.ts';
import type { Vitals } from './vitals.ts';

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly visitsPerSecond: number;
  /** Milliseconds between two changes of the mesh, on average. */
  readonly changeEveryMs: number;
  readonly start: (discoveryPort: number, where: readonly Destination[]) => Promise<Subject>;
  readonly progress: (line: string) => void;
}

/** What the sidecar was like, `seconds` after the load began. */
export interface Reading {
  readonly seconds: number;
  readonly vitals: Vitals;
}

/** All that was seen; a verdict is drawn from it. */
export interface SoakRecord {
  readonly seed: number;
  readonly accounts: Accounts;
  readonly baseline: Vitals;
  readonly readings: readonly Reading[];
  /** After the last request, with kept connections still open. */
  readonly quiet: Vitals;
  /** After the applications went. */
  readonly last: Vitals;
  readonly metrics: readonly Sample[];
  readonly active: number;
  readonly visits: number;
  readonly skipped: number;
  readonly changes: number;
  readonly feed: AdsFeed['counts'] & { readonly refusals: readonly string[] };
  /** What must never happen and did, the first few. */
  readonly violations: readonly string[];
}

/**
 * The load begins heavier than it goes on: a process grows until its code is compiled and its pools have seen the worst, and
 * only after that a line can be expected to be flat.
 */
const WARM_UP_RATE = 2.5;
const WARM_UP_SECONDS = 60;

const MAX_VIOLATIONS = 30;
const READY_MS = 20_000;
/** The longest that a visit may go on after the load ended: above every timeout of the mesh. */
const LAST_VISITS_MS = 40_000;
/** A broken stream is tried again within seconds. */
const RECONNECT_MS = 15_000;
const QUIET_MS = 15_000;
const POLL_MS = 100;
/** The longest until the end of a process is known. */
const DEATH_MS = 500;

export async function soak(options: SoakOptions): Promise<SoakRecord> {
  const random = seededRandom(options.seed);
  const good = [new GoodApp(), new GoodApp(), new GoodApp()];
  const bad = [new BadApp(random), new BadApp(random)];
  const echo = new TcpApp('');
  const greeter = new TcpApp('220 hello\r\n');
  const apps = [...good, ...bad, echo, greeter];
  for (const app of apps) await app.listen();
  const where = destinations(echo.port);
  const ports = { good: good.map(portOf), bad: bad.map(portOf), echo: echo.port, greeter: greeter.port };
  const feed = new AdsFeed();
  const churn = new Churn(feed, ports, where, bad, random);
  const subject = await options.start(await feed.start(), where);
  const violations: string[] = [];
  const violation = (what: string): void => {
    if (violations.length < MAX_VIOLATIONS) violations.push(what);
  };
  try {
    churn.begin();
    const isReady = async (): Promise<boolean> =>
      sumOf(await scrape(subject.ports.metrics), 'weft_sidecar_ready') === 1;
    if (!(await comes(isReady, READY_MS)))
      throw new Error(`the sidecar did not get ready; it refused: ${feed.refusals.join('; ')}`);

    const accounts = new Accounts();
    const { outbound: outboundPort, inbound: inboundPort } = subject.ports;
    const world: World = { accounts, outboundPort, inboundPort, violation };
    const load = new Load(world, random);
    const baseline = await subject.vitals(true);
    churn.run(options.changeEveryMs);
    load.run(options.visitsPerSecond * WARM_UP_RATE);
    const warm = setTimeout(
      () => load.run(options.visitsPerSecond),
      Math.min(WARM_UP_SECONDS, options.seconds / 4) * 1000,
    );
    const readings = await sample(subject, load, options).finally(() => clearTimeout(warm));
    churn.stop();
    load.stop();
    if (!(await comes(() => feed.connected, RECONNECT_MS)))
      violation('the sidecar did not come back to its control plane after its stream broke');
    if (!(await comes(() => load.open.length === 0, LAST_VISITS_MS)))
      violation(`clients still wait: ${load.open.slice(0, 5).join(', ')}`);

    await becomesQuiet(subject, violation);
    const metrics = await scrape(subject.ports.metrics);
    const active = await activeAtEndpoints(subject.ports.admin);
    const quiet = await subject.vitals(false);
    for (const app of apps) app.close();
    const last = await leftovers(subject, baseline, violation);
    for (const error of subject.errors) violation(`the sidecar logged an error: ${error}`);
    if (subject.died !== undefined) violation(subject.died);
    return {
      seed: options.seed,
      accounts,
      baseline,
      readings,
      quiet,
      last,
      metrics,
      active,
      visits: load.begun,
      skipped: load.skipped,
      changes: churn.changes,
      feed: { ...feed.counts, refusals: feed.refusals },
      violations,
    };
  } catch (error) {
    /** Of a sidecar that ended, something else may be missed first. */
    await comes(() => subject.died !== undefined, DEATH_MS);
    throw subject.died === undefined ? error : new Error(subject.died, { cause: error });
  } finally {
    churn.stop();
    for (const app of apps) app.close();
    await subject.stop();
    feed.stop();
  }
}

async function sample(subject: Subject, load: Load, { seconds, progress }: SoakOptions): Promise<Reading[]> {
  const readings: Reading[] = [];
  const everyMs = Math.max(500, Math.min(3_000, (seconds * 1000) / 40));
  const startMs = performance.now();
  for (let i = 1; i * everyMs <= seconds * 1000; i++) {
    await new Promise((resolve) => setTimeout(resolve, startMs + i * everyMs - performance.now()));
    const vitals = await subject.vitals(false);
    readings.push({ seconds: (performance.now() - startMs) / 1000, vitals });
    if (i % 10 === 0)
      progress(
        `${Math.round((i * everyMs) / 1000)} s: heap ${vitals.heapMb.toFixed(1)} MiB, private ${vitals.privateMb.toFixed(1)} MiB, ${vitals.descriptors} descriptors, ${load.open.length} clients`,
      );
  }
  return readings;
}

const OPEN = [
  'weft_sidecar_outbound_connections',
  'weft_sidecar_inbound_connections',
  'weft_sidecar_bound_connections',
];

const TAKEN = [
  'weft_sidecar_upstream_requests',
  'weft_sidecar_upstream_requests_waiting',
  'weft_sidecar_upstream_retries',
];

/** Nobody asks any more: connections are gone, mirrors are through. */
async function becomesQuiet(subject: Subject, violation: (what: string) => void): Promise<void> {
  let left = '';
  const isQuiet = async (): Promise<boolean> => {
    const samples = await scrape(subject.ports.metrics);
    const open = OPEN.reduce((sum, name) => sum + sumOf(samples, name), 0);
    const active = await activeAtEndpoints(subject.ports.admin);
    const taken = TAKEN.reduce((sum, name) => sum + sumOf(samples, name), 0);
    const [started, answered, dropped] = ['started', 'answered', 'dropped'].map((what) =>
      sumOf(samples, `weft_sidecar_mirrored_requests_${what}_total`),
    ) as [number, number, number];
    const mirrors = started - answered - dropped;
    left = `${open} connections, ${active} requests at endpoints, ${taken} in breakers, ${mirrors} mirrors`;
    return open + active + taken + mirrors === 0;
  };
  if (!(await comes(isQuiet, QUIET_MS + 30_000))) violation(`left under way: ${left}`);
}

/** Kept connections to applications that went are closed at once. */
async function leftovers(
  subject: Subject,
  baseline: Vitals,
  violation: (what: string) => void,
): Promise<Vitals> {
  let kept = Number.NaN;
  const isBack = async (): Promise<boolean> => {
    kept = sumOf(await scrape(subject.ports.metrics), 'weft_sidecar_upstream_connections');
    return kept === 0 && (await subject.vitals(false)).descriptors <= baseline.descriptors;
  };
  await comes(isBack, QUIET_MS);
  if (kept !== 0) violation(`breakers count ${kept} connections to applications that are gone`);
  return subject.vitals(true);
}

/** Asks until it is so, or time is up. */
async function comes(what: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  const endMs = performance.now() + withinMs;
  while (performance.now() < endMs) {
    if (await what()) return true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}

function portOf(app: { readonly port: number }): number {
  return app.port;
}
