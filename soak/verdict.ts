/** What a soak must hold, each with its reason; and its record as a table for people. */
import { disagreements, OUTCOMES } from './accounts.ts';
import { summarize } from './loop-delay.ts';
import { byCodeAndFlag, countedRequests, sumOf } from './scrape.ts';
import type { Reading, SoakRecord } from './soak.ts';
import { grows, sparkline, type Trend, trendOf } from './trend.ts';
import type { Vitals } from './vitals.ts';

export interface SoakLimits {
  /**
   * What may be added in the second half, MiB: code goes on being compiled for minutes after it became hot. So the longer a
   * soak is, the slower the leak that it finds. Undefined: memory is not judged.
   */
  readonly heapMb: number | undefined;
  readonly privateMb: number | undefined;
  /** The same for descriptors. */
  readonly descriptors: number;
  /** Milliseconds, without the time that it waited for a core; undefined: not judged. */
  readonly delayP99Ms: number | undefined;
  /** Descriptors, sockets and timers that may be left over: scrapes, and timers of the longest deadlines. */
  readonly leftDescriptors: number;
  readonly leftSockets: number;
  readonly leftTimers: number;
  /** Kept connections per endpoint after the load; pools hold at most 256. */
  readonly keptConnections: number;
}

export const DEFAULT_SOAK_LIMITS: SoakLimits = {
  heapMb: 0.6,
  privateMb: 3,
  descriptors: 20,
  delayP99Ms: 20,
  leftDescriptors: 2,
  leftSockets: 8,
  leftTimers: 20,
  keptConnections: 600,
};

/** Everything that does not hold; nothing for a soak that passes. */
export function findings(record: SoakRecord, limits: SoakLimits): string[] {
  return [
    ...record.violations,
    ...accountFindings(record),
    ...leftoverFindings(record, limits),
    ...trendFindings(record, limits),
    ...delayFindings(record, limits),
  ];
}

function accountFindings({ accounts, metrics, active, feed }: SoakRecord): string[] {
  const wrong = disagreements(accounts, countedRequests(metrics));
  const steady = accounts.all.get('steady');
  const unwanted = [...(steady?.byStatus ?? [])].filter(([status]) => !WANTED.has(status));
  for (const [status, count] of unwanted)
    wrong.push(`steady: ${count} requests to endpoints that all answer were answered ${status}`);
  for (const name of ['steady', 'app', 'unknown']) {
    const account = accounts.all.get(name);
    const lost = (account?.outcomes.unanswered ?? 0) - (account?.excused ?? 0);
    if (lost > 0) wrong.push(`${name}: ${lost} requests got no answer`);
    const cut = account?.outcomes.cut ?? 0;
    if (cut > 0) wrong.push(`${name}: ${cut} answers broke off`);
  }
  const opened = sumOf(metrics, 'istio_tcp_connections_opened_total');
  const closed = sumOf(metrics, 'istio_tcp_connections_closed_total');
  if (opened !== closed) wrong.push(`${opened} opaque connections opened, ${closed} closed`);
  if (active !== 0) wrong.push(`${active} requests are counted at endpoints, and none is under way`);
  if (feed.refused > 0) wrong.push(`configuration was refused: ${feed.refusals.join('; ')}`);
  return wrong;
}

/** What requests to endpoints that answer can be answered with. */
const WANTED: ReadonlySet<number> = new Set([200, 201, 204, 304, 404]);

function leftoverFindings({ baseline, quiet, last }: SoakRecord, limits: SoakLimits): string[] {
  const left = (name: string, before: number, after: number, allowed: number): string[] =>
    after - before > allowed
      ? [`${after - before} ${name} are left over (${before} before, ${after} after)`]
      : [];
  return [
    ...left('descriptors', baseline.descriptors, last.descriptors, limits.leftDescriptors),
    ...left('sockets', baseline.objects!.sockets, last.objects!.sockets, limits.leftSockets),
    ...left('timers', baseline.objects!.timers, last.objects!.timers, limits.leftTimers),
    ...left('kept connections', baseline.descriptors, quiet.descriptors, limits.keptConnections),
  ];
}

function trendFindings(record: SoakRecord, limits: SoakLimits): string[] {
  const hours = judgedSeconds(record) / 3600;
  if (hours < SHORTEST_JUDGED_S / 3600) return [];
  const judged = [
    ['heap', 'MiB', limits.heapMb, trend(record, ({ heapMb }) => heapMb)],
    ['private memory', 'MiB', limits.privateMb, trend(record, ({ privateMb }) => privateMb)],
    ['descriptors', '', limits.descriptors, trend(record, ({ descriptors }) => descriptors)],
  ] as const;
  return judged.flatMap(([name, unit, limit, line]) =>
    limit !== undefined && grows(line, limit / hours)
      ? [
          `${name} grows by ${said(line)} ${unit} an hour; up to ${Math.round(limit / hours)} may be warming up`,
        ]
      : [],
  );
}

/** A line that is shorter than this tells nothing of a leak. */
const SHORTEST_JUDGED_S = 45;

function judgedSeconds({ readings }: SoakRecord): number {
  return readings.at(-1)!.seconds - readings[Math.floor(readings.length / 2)]!.seconds;
}

function delayFindings({ readings }: SoakRecord, { delayP99Ms }: SoakLimits): string[] {
  const { p99Ms } = summarize(readings.map(({ vitals }) => vitals.delay.own));
  return delayP99Ms !== undefined && p99Ms >= delayP99Ms
    ? [
        `the event loop's delay, without waiting for a core, has a p99 of ${p99Ms} ms; ${delayP99Ms} ms is the limit`,
      ]
    : [];
}

/** Of the second half: the first is for growing into the load. */
function trend({ readings }: SoakRecord, of: (vitals: Vitals) => number): Trend {
  const settled = readings.slice(Math.floor(readings.length / 2));
  return trendOf(settled.map(({ seconds, vitals }) => ({ seconds, value: of(vitals) })));
}

function said({ perHour, margin }: Trend): string {
  return `${perHour.toFixed(1)} ± ${margin.toFixed(1)}`;
}

const WIDTH = 60;

/** The record in words and lines. */
export function tableOf(record: SoakRecord): string {
  const { readings, accounts, baseline, last, metrics, feed } = record;
  const warm = readings[Math.floor(readings.length / 2)]!;
  const end = readings.at(-1)!;
  const line = (name: string, unit: string, of: (vitals: Vitals) => number): string => {
    const values = readings.map(({ vitals }) => of(vitals));
    const figures = [of(baseline), of(warm.vitals), of(end.vitals), of(last)].map((value) =>
      value.toFixed(1).padStart(8),
    );
    return `${name.padEnd(18)}${figures.join('')}  ${`${said(trend(record, of))} ${unit}/h`.padEnd(24)} ${sparkline(values, WIDTH)}`;
  };
  const delay = summarize(readings.map(({ vitals }) => vitals.delay.all));
  const own = summarize(readings.map(({ vitals }) => vitals.delay.own));
  const counted = [...byCodeAndFlag(metrics)].sort((a, b) => b[1] - a[1]);
  return [
    `seed ${record.seed}: ${record.visits} connections (${record.skipped} skipped), ${accounts.started} requests in ${Math.round(end.seconds)} s, ${cpuShare(readings).toFixed(0)} % of a core; ${record.changes} changes, ${feed.sent} responses (${feed.acknowledged} acknowledged, ${feed.refused} refused) on ${feed.streams} streams`,
    '',
    ...accountLines(record),
    '',
    `sidecar's count:  ${counted.map(([key, count]) => `${key} ${count}`).join(', ')}`,
    `opaque:           ${sumOf(metrics, 'istio_tcp_connections_opened_total')} opened, ${sumOf(metrics, 'istio_tcp_connections_closed_total')} closed`,
    `mirrors:          ${sumOf(metrics, 'weft_sidecar_mirrored_requests_started_total')} sent; retries ${sumOf(metrics, 'weft_sidecar_retries_total')}, ejections ${sumOf(metrics, 'weft_sidecar_outlier_ejections_total')}, overflows ${sumOf(metrics, 'weft_sidecar_breaker_overflows_total')}`,
    judgedSeconds(record) < SHORTEST_JUDGED_S ? 'too short a soak to judge the growth of memory by' : '',
    `${''.padEnd(18)}${['before', 'half', 'end', 'quiet'].map((name) => name.padStart(8)).join('')}  trend of the second half`,
    line('heap MiB', 'MiB', ({ heapMb }) => heapMb),
    line('buffers MiB', 'MiB', ({ externalMb }) => externalMb),
    line('private MiB', 'MiB', ({ privateMb }) => privateMb),
    line('resident MiB', 'MiB', ({ rssMb }) => rssMb),
    line('descriptors', '', ({ descriptors }) => descriptors),
    `left: ${baseline.objects!.sockets} → ${last.objects!.sockets} sockets, ${baseline.objects!.timers} → ${last.objects!.timers} timers; ${record.quiet.descriptors - baseline.descriptors} kept connections before the applications went`,
    `event loop delay: p50 ${delay.p50Ms} ms, p99 ${delay.p99Ms} ms, max ${delay.maxMs.toFixed(0)} ms; without waiting for a core: p99 ${own.p99Ms} ms, max ${own.maxMs.toFixed(0)} ms; waited for a core ${waitedShare(readings).toFixed(1)} % of the time`,
  ].join('\n');
}

function accountLines({ accounts, metrics }: SoakRecord): string[] {
  const counted = countedRequests(metrics);
  const head = ['requests', 'sent', ...OUTCOMES, 'counted'].map((name, i) =>
    i === 0 ? name.padEnd(10) : name.padStart(12),
  );
  const rows = [...accounts.all].sort().map(([name, { started, outcomes }]) => {
    const total = [...(counted.get(name)?.values() ?? [])].reduce((sum, count) => sum + count, 0);
    const figures = [started, ...OUTCOMES.map((outcome) => outcomes[outcome]), total];
    return name.padEnd(10) + figures.map((figure) => String(figure).padStart(12)).join('');
  });
  const totals = [
    accounts.started,
    ...OUTCOMES.map((outcome) => accounts.of(outcome)),
    sumOf(metrics, 'istio_requests_total'),
  ];
  return [
    head.join(''),
    ...rows,
    `all       ${totals.map((figure) => String(figure).padStart(12)).join('')}`,
  ];
}

function cpuShare(readings: readonly Reading[]): number {
  return perTime(readings, ({ cpuMs }) => cpuMs);
}

function waitedShare(readings: readonly Reading[]): number {
  return perTime(readings, ({ waitedMs }) => waitedMs);
}

/** Percent. */
function perTime(readings: readonly Reading[], of: (vitals: Vitals) => number): number {
  const [first, last] = [readings[0]!, readings.at(-1)!];
  return (of(last.vitals) - of(first.vitals)) / (last.seconds - first.seconds) / 10;
}
