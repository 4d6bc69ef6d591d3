/** Reports as aligned columns for a terminal. */
import type { Report, SubjectFigures } from './scenario.ts';

/** Figures in the order of the columns, with short headings; any other figure of a report follows under its own name. */
const HEADINGS = new Map([
  ['cpuMicrosPerRequest', 'CPU µs/req'],
  ['userMicros', 'user'],
  ['sysMicros', 'sys'],
  ['cpuMicrosPerMb', 'CPU µs/MiB'],
  ['requestsPerSecond', 'req/s'],
  ['p50Ms', 'p50 ms'],
  ['p90Ms', 'p90 ms'],
  ['p99Ms', 'p99 ms'],
  ['p999Ms', 'p99.9 ms'],
  ['rssMb', 'RSS MiB'],
  ['pssMb', 'PSS MiB'],
  ['privateMb', 'private MiB'],
]);

/** The table of one report: heading, a line for each subject, the missing ones with what to do, the ratios. */
export function drawReport(report: Report, title: string): string {
  const { machine } = report;
  const lines = [
    `${report.scenario}: ${title}`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB; ${machine.system}, ${machine.kernel}; commit ${report.commit}; medians of ${report.rounds} rounds${report.quick ? ' (quick)' : ''}`,
    ...(report.subjects.length > 0 ? ['', ...drawTable(rowsOf(report.subjects))] : []),
    ...report.missing.map(({ name, why }) => `${name} is missing: ${why}`),
    '',
    ...Object.entries(report.ratios).map(([pair, ratio]) => `${pair}  ${ratio.toFixed(2)}`),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function rowsOf(subjects: readonly SubjectFigures[]): string[][] {
  const measured = new Set(subjects.flatMap((subject) => Object.keys(subject)));
  for (const word of ['name', 'version']) measured.delete(word);
  const known = [...HEADINGS.keys()].filter((figure) => measured.has(figure));
  const figures = [...known, ...[...measured].filter((figure) => !HEADINGS.has(figure))];
  const heading = ['', 'version', ...figures.map((figure) => HEADINGS.get(figure) ?? figure)];
  const rows = subjects.map((subject) => [
    subject.name,
    subject.version,
    ...figures.map((figure) => cell(subject[figure])),
  ]);
  return [heading, ...rows];
}

function cell(value: number | string | undefined): string {
  if (value === undefined) return '-';
  return typeof value === 'number' ? shorten(value) : value;
}

/** Three or four digits say all that a median of a few rounds can. */
export function shorten(value: number): string {
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

/** Pads every column to its widest cell: the first two to the left as words, the others to the right as figures. */
export function drawTable(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((text, column) => (column < 2 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}
