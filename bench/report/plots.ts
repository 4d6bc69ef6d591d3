/** Which pictures a report gets: what it costs, and how long it takes. */
import type { Report, SubjectFigures } from '../scenario.ts';
import { type Bar, type Bars, drawBars } from './bars.ts';

export interface Plot {
  /** Of the file. */
  readonly name: string;
  readonly svg: string;
}

interface Shown {
  readonly key: string;
  readonly suffix: string;
  readonly title: string;
  readonly unit: string;
}

const SHOWN: readonly Shown[] = [
  { key: 'cpuMicrosPerMb', suffix: 'cpu', title: 'CPU for a mebibyte', unit: 'µs of CPU' },
  { key: 'addedP99Ms', suffix: 'latency', title: 'latency added at the 99th percentile', unit: 'ms' },
  { key: 'startMs', suffix: 'start', title: 'start to ready', unit: 'ms' },
  { key: 'bytesPerConnection', suffix: 'memory', title: 'memory of an idle connection', unit: 'bytes' },
];

export function plotsOf(report: Report): readonly Plot[] {
  const { scenario } = report;
  const plots: Plot[] = [];
  const cpu = requestCost(report);
  if (cpu !== undefined) plots.push({ name: `${scenario}-cpu.svg`, svg: drawBars(cpu) });
  for (const { key, suffix, title, unit } of SHOWN) {
    const bars = report.subjects.flatMap((subject) => bar(subject, key));
    if (bars.length < 2) continue;
    const svg = drawBars({ title: `${scenario}: ${title}`, unit, legend: [], bars });
    plots.push({ name: `${scenario}-${suffix}.svg`, svg });
  }
  return plots;
}

/** User and system time one behind the other. */
function requestCost({ scenario, subjects }: Report): Bars | undefined {
  const bars = subjects.flatMap(({ name, userMicros, sysMicros, cpuMicrosPerRequest }): Bar[] =>
    userMicros === undefined || sysMicros === undefined || cpuMicrosPerRequest === undefined
      ? []
      : [{ name, parts: [userMicros, sysMicros], label: `${cpuMicrosPerRequest.toFixed(1)} µs` }],
  );
  if (bars.length === 0) return undefined;
  const title = `${scenario}: CPU of the proxy for one request`;
  return { title, unit: 'µs of CPU', legend: ['dark: user', 'light: system'], bars };
}

function bar(subject: SubjectFigures, key: string): Bar[] {
  const value = subject[key];
  if (typeof value !== 'number') return [];
  return [{ name: subject.name, parts: [Math.max(0, value)], label: String(Number(value.toFixed(2))) }];
}
