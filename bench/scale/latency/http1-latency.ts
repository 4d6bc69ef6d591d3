/**
 * What a proxy adds to the latency of a request at a rate that asks little of it: 1,000 requests/s over 16 connections, the load of
 * Istio's published figures. Every subject is one proxy between the same generator and the same backend; `direct` is none.
 */
import { interleave, type Sample, type Subject } from '../../harness/interleave.ts';
import { accountFor, type ProxyPath } from '../../harness/path.ts';
import { Workbench } from '../../harness/workbench.ts';
import { checkPath } from '../../http1/check-path.ts';
import { startPeers, startWeft } from '../../http1/paths.ts';
import { CLIENT_HEADERS } from '../../http1/request-head.ts';
import { startBackend } from '../../peers/backend.ts';
import type { Measured, Scenario } from '../../scenario.ts';
import { firstInLine } from '../first-in-line.ts';
import { type ConstantLoad, sendAtConstantRate } from './latencies.ts';

const LOAD = { path: '/1k', perSecond: 1_000, connections: 16, headers: CLIENT_HEADERS } as const;
/** Compilers warm up by requests, and a thousand a second are few. */
const WARM_UP: ConstantLoad = { ...LOAD, perSecond: 5_000, seconds: 2 };
const MAIN_FIGURE = 'addedP99Ms';
/** A proxy adds some tenths of a millisecond: a generator that is later than this measures itself. */
const MAX_LATE_MS = 1;

export const HTTP1_LATENCY: Scenario = {
  name: 'http1-latency',
  title: '1,000 requests/s of 1 KiB over 16 connections, each due at its own moment',
  mainFigure: MAIN_FIGURE,
  async run({ quick, progress }) {
    using _priority = firstInLine();
    await using bench = new Workbench();
    const task = { mode: 'http', to: await startBackend(bench) } as const;
    const peers = await startPeers(bench, task);
    const paths = [await startWeft(bench, task), ...peers.paths];
    for (const path of paths) {
      await checkPath(path, LOAD.path, { adds: true });
      await sendAtConstantRate(bench.cores.load, path.port, WARM_UP);
    }
    const subjects = subjectsOf(bench, task.to, paths);
    const plan = quick ? { rounds: 3, seconds: 4 } : { rounds: 7, seconds: 10 };
    const measured = withoutDirect(
      await interleave(subjects, peers.missing, {
        ...plan,
        warmUpSeconds: 1,
        mainFigure: MAIN_FIGURE,
        progress,
      }),
    );
    return { ...measured, warnings: warningsOf(measured.subjects) };
  },
};

/** `direct` comes first in each round; what the others add is counted over the one of their round. */
function subjectsOf(bench: Workbench, backendPort: number, paths: readonly ProxyPath[]): Subject[] {
  let direct: Sample = {};
  const measure = (path: ProxyPath, seconds: number): Promise<Sample> =>
    accountFor(path, async () => {
      const { requests, ...figures } = await sendAtConstantRate(bench.cores.load, path.port, {
        ...LOAD,
        seconds,
      });
      return { requests, figures };
    });
  const added = (sample: Sample, figure: string): number => sample[figure]! - direct[figure]!;
  return [
    {
      name: 'direct',
      version: '-',
      async sample(seconds) {
        const none = { name: 'direct', version: '-', port: backendPort, processes: [] };
        direct = await measure(none, seconds);
        const { p50Ms, p90Ms, p99Ms, p999Ms, generatorLateP99Ms } = direct;
        return {
          p50Ms: p50Ms!,
          p90Ms: p90Ms!,
          p99Ms: p99Ms!,
          p999Ms: p999Ms!,
          generatorLateP99Ms: generatorLateP99Ms!,
        };
      },
    },
    ...paths.map((path) => ({
      ...path,
      async sample(seconds: number) {
        const sample = await measure(path, seconds);
        return { ...sample, addedP50Ms: added(sample, 'p50Ms'), addedP99Ms: added(sample, 'p99Ms') };
      },
    })),
  ];
}

/** Nothing can be compared with adding nothing. */
function withoutDirect(measured: Measured): Measured {
  const ratios = Object.entries(measured.ratios).filter(([pair]) => !pair.endsWith('/direct'));
  return { ...measured, ratios: Object.fromEntries(ratios) };
}

/** The proxies have no part in how late the generator is: it is the machine's other work that kept it from a core. */
export function warningsOf(subjects: Measured['subjects']): string[] {
  const lateMs = Math.max(0, ...subjects.map(({ generatorLateP99Ms }) => Number(generatorLateP99Ms ?? 0)));
  if (lateMs <= MAX_LATE_MS) return [];
  const late = `the load generator itself was up to ${lateMs.toFixed(1)} ms late (p99)`;
  return [`${late}: this machine did something else as well, and the latencies tell of that`];
}
