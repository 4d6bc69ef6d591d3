/** What the data path is to cost, and whether a set of reports says that it does. */
import type { Report } from '../scenario.ts';

export interface Goal {
  readonly what: string;
  readonly scenario: string;
  readonly unit: string;
  /** What is aimed for, and what is acceptable: at most this much. */
  readonly goal: number;
  readonly least: number;
  readonly read: (report: Report) => number | undefined;
}

export type Verdict = 'goal met' | 'acceptable' | 'missed' | 'not measured';

export interface Judged {
  readonly goal: Goal;
  readonly measured: number | undefined;
  readonly verdict: Verdict;
}

const ratio =
  (name: string) =>
  (report: Report): number | undefined =>
    report.ratios[name];

const figure =
  (subject: string, key: string) =>
  (report: Report): number | undefined => {
    const value = report.subjects.find(({ name }) => name === subject)?.[key];
    return typeof value === 'number' ? value : undefined;
  };

export const GOALS: readonly Goal[] = [
  {
    what: 'http1, CPU per request: outbound against HAProxy',
    scenario: 'http1',
    unit: '×',
    goal: 1,
    least: 1.2,
    read: ratio('weft/haproxy'),
  },
  {
    what: 'http1, CPU per request: inbound against HAProxy',
    scenario: 'http1',
    unit: '×',
    goal: 1,
    least: 1.2,
    read: ratio('weft-inbound/haproxy-inbound'),
  },
  {
    what: 'http1, CPU per request: outbound against Envoy',
    scenario: 'http1',
    unit: '×',
    goal: 0.5,
    least: 0.7,
    read: ratio('weft/envoy'),
  },
  {
    what: 'http1-observed, CPU per request: metrics and 1 % of traces against neither',
    scenario: 'http1-observed',
    unit: '×',
    goal: 1.05,
    least: 1.05,
    read: ratio('weft/weft-dark'),
  },
  {
    what: 'http1-observed, CPU per request: JSON access logs on top',
    scenario: 'http1-observed',
    unit: '×',
    goal: 1.15,
    least: 1.15,
    read: ratio('weft-logs/weft'),
  },
  {
    what: 'http1-observed, CPU per request: a dead collector against one that answers',
    scenario: 'http1-observed',
    unit: '×',
    goal: 1.02,
    least: 1.05,
    read: ratio('weft-dead-collector/weft'),
  },
  {
    what: 'http1-latency, added p99 against HAProxy',
    scenario: 'http1-latency',
    unit: '×',
    goal: 1,
    least: 1.5,
    read: ratio('weft/haproxy'),
  },
  {
    what: 'tcp-bulk, CPU per byte against HAProxy without splice',
    scenario: 'tcp-bulk',
    unit: '×',
    goal: 1,
    least: 1.2,
    read: ratio('weft/haproxy'),
  },
  {
    what: 'http1-large, CPU per byte against HAProxy without splice',
    scenario: 'http1-large',
    unit: '×',
    goal: 1,
    least: 1.2,
    read: ratio('weft/haproxy'),
  },
  {
    what: 'two-hops, CPU per request against two HAProxys',
    scenario: 'two-hops',
    unit: '×',
    goal: 1,
    least: 1.25,
    read: ratio('weft/haproxy'),
  },
  {
    what: 'sidecar, private memory after load',
    scenario: 'sidecar-memory',
    unit: 'MiB',
    goal: 25,
    least: 30,
    read: figure('weft', 'privateMb'),
  },
  {
    what: 'sidecar, PSS with ten on the node',
    scenario: 'sidecar-memory',
    unit: 'MiB',
    goal: 30,
    least: 40,
    read: figure('weft', 'pssMb'),
  },
  {
    what: 'startup to ready',
    scenario: 'startup',
    unit: 'ms',
    goal: 100,
    least: 200,
    read: figure('weft', 'startMs'),
  },
  {
    what: 'push to 1,000 sidecars, p99 to ACK',
    scenario: 'push',
    unit: 'ms',
    goal: 100,
    least: 400,
    read: figure('weft-1000', 'p99Ms'),
  },
];

export function judge(
  reports: ReadonlyMap<string, Report>,
  goals: readonly Goal[] = GOALS,
): readonly Judged[] {
  return goals.map((goal) => {
    const report = reports.get(goal.scenario);
    const measured = report === undefined ? undefined : goal.read(report);
    return { goal, measured, verdict: verdictOf(goal, measured) };
  });
}

function verdictOf(goal: Goal, measured: number | undefined): Verdict {
  if (measured === undefined) return 'not measured';
  if (measured <= goal.goal) return 'goal met';
  return measured <= goal.least ? 'acceptable' : 'missed';
}
