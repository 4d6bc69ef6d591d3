/** Which figures a report's table shows, in which order and with how many digits. */
import type { Report, SubjectFigures } from '../scenario.ts';

export interface Column {
  readonly title: string;
  cell(subject: SubjectFigures): string;
}

interface Known {
  readonly key: string;
  readonly title: string;
  readonly digits: number;
}

const KNOWN: readonly Known[] = [
  { key: 'cpuMicrosPerRequest', title: 'CPU µs/request', digits: 1 },
  { key: 'userMicros', title: 'user µs', digits: 1 },
  { key: 'sysMicros', title: 'system µs', digits: 1 },
  { key: 'cpuMicrosPerMb', title: 'CPU µs/MiB', digits: 0 },
  { key: 'requestsPerSecond', title: 'requests/s', digits: 0 },
  { key: 'p50Ms', title: 'p50 ms', digits: 2 },
  { key: 'p90Ms', title: 'p90 ms', digits: 2 },
  { key: 'p99Ms', title: 'p99 ms', digits: 2 },
  { key: 'p999Ms', title: 'p99.9 ms', digits: 2 },
  { key: 'rssMb', title: 'RSS MiB', digits: 0 },
  { key: 'pssMb', title: 'PSS MiB', digits: 1 },
  { key: 'privateMb', title: 'private MiB', digits: 1 },
];

const NOT_A_FIGURE = new Set(['name', 'version', ...KNOWN.map(({ key }) => key)]);

/** Columns for the figures that any subject has; a scenario's own come last, under their own names. */
export function columnsOf({ subjects }: Report): readonly Column[] {
  const has = (key: string): boolean => subjects.some((subject) => subject[key] !== undefined);
  const own = new Set(subjects.flatMap((subject) => Object.keys(subject)));
  const others = [...own]
    .filter((key) => !NOT_A_FIGURE.has(key))
    .map((key) => ({ key, title: inWords(key), digits: 2 }));
  return [...KNOWN.filter(({ key }) => has(key)), ...others].map(({ key, title, digits }) => ({
    title,
    cell: (subject) => cell(subject[key], digits),
  }));
}

function cell(value: number | string | undefined, digits: number): string {
  if (value === undefined) return '–';
  if (typeof value === 'string') return value;
  return value >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toFixed(digits)));
}

/** `bytesPerConnection`: "bytes per connection". */
export function inWords(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
