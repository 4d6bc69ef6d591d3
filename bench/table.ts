/** Reports as aligned columns for a terminal. */
import type { Report, SubjectFigures } from './scenario.ts';

/** Columns of a terminal that people keep beside something else. */
const WIDTH = 100;

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
  const rows = rowsOf(report.subjects);
  const lines = [
    `${report.scenario}: ${title}`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB; ${machine.system}, ${machine.kernel}`,
    `commit ${report.commit}; medians of ${report.rounds} rounds${report.quick ? ' (quick)' : ''}`,
    ...(report.subjects.length > 0
      ? fold(rows).flatMap((part, at) => ['', ...drawTable(part, at === 0 ? 2 : 1)])
      : []),
    ...(report.warnings ?? []).map((warning) => `beware: ${warning}`),
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

/** The same rows in as many tables as the width of a terminal asks for; each begins with the names of the subjects. */
export function fold(rows: readonly (readonly string[])[], width = WIDTH): string[][][] {
  const columns = (rows[0] ?? []).map((_, at) => rows.map((row) => row[at]!));
  const [names = [], ...figures] = columns;
  const parts: string[][][] = [[names]];
  for (const figure of figures) {
    const part = parts.at(-1)!;
    if (part.length > 1 && widthOf([...part, figure]) > width) parts.push([names, figure]);
    else part.push(figure);
  }
  return parts.map((part) => names.map((_, row) => part.map((column) => column[row]!)));
}

/** Of a table of these columns, with the gaps between them. */
function widthOf(columns: readonly (readonly string[])[]): number {
  return columns.reduce((sum, column) => sum + Math.max(...column.map(({ length }) => length)) + 2, -2);
}

/** Pads every column to its widest cell: the first `words` of them to the left, the others to the right as figures. */
export function drawTable(rows: readonly (readonly string[])[], words = 2): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((text, column) => (column < words ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}
