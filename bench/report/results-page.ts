/**
 * The page of results, made of reports: nothing on it is typed by hand but the notes, which say what a person has found
 * out about a figure (where the time goes, what was tried).
 */
import type { Report } from '../scenario.ts';
import { columnsOf } from './columns.ts';
import { type Judged, judge } from './goals.ts';

export interface Section {
  readonly report: Report;
  /** What the scenario does, one line. */
  readonly title: string;
  /** Plots that belong to it, paths from the page. */
  readonly plots: readonly string[];
  /** Markdown by hand, or empty. */
  readonly note: string;
}

const INTRODUCTION = `# Results

Made by \`npm run bench -- report\` from the reports in [results/](results/); what each figure means, and what it does not, is
told in [docs/benchmarks.md](../docs/benchmarks.md). All figures of one table come from one run in which the subjects took turns,
and can be compared; figures of different tables cannot.
`;

export function resultsPage(sections: readonly Section[]): string {
  const reports = new Map(sections.map(({ report }) => [report.scenario, report]));
  return [INTRODUCTION, machineLine(sections), goalsTable(judge(reports)), ...sections.map(sectionText)].join(
    '\n',
  );
}

/** Reports of several machines on one page would invite comparison: each names its own. */
function machineLine(sections: readonly Section[]): string {
  const machines = new Set(sections.map(({ report }) => machineOf(report)));
  const made = [...machines].map((machine) => `Made on ${machine}.`);
  return `${made.join('\n')}\n`;
}

function machineOf({ machine }: Report): string {
  const { cpu, cores, memoryGb, kernel, system, node } = machine;
  return `${cpu}, ${cores} cores, ${memoryGb} GB; ${system}, Linux ${kernel}, Node ${node}`;
}

function goalsTable(judged: readonly Judged[]): string {
  const rows = judged.map(({ goal, measured, verdict }) => {
    const value = (figure: number): string => `${Number(figure.toFixed(2))} ${goal.unit}`;
    const cells = [goal.what, value(goal.goal), value(goal.least)];
    return [...cells, measured === undefined ? '–' : value(measured), said(verdict)];
  });
  return `## Against the goals\n\n${table(['figure', 'goal', 'at most', 'measured', ''], rows)}\n`;
}

function said(verdict: Judged['verdict']): string {
  return verdict === 'missed' ? '**missed**' : verdict;
}

function sectionText({ report, title, plots, note }: Section): string {
  const parts = [
    `## ${report.scenario}`,
    `    npm run bench -- ${report.scenario}${report.quick ? ' --quick' : ''}`,
    `${capital(title)}. Of ${report.date.slice(0, 10)}, commit ${report.commit}; medians of ${rounds(report)}.`,
    figuresTable(report),
    ratiosLine(report),
    ...report.missing.map(({ name, why }) => `Missing: ${name} (${why}).`),
    ...(report.warnings ?? []).map((warning) => `Beware: ${warning}.`),
    ...plots.map((plot) => `![${report.scenario}](${plot})`),
    note.trim(),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function rounds({ rounds: count }: Report): string {
  return count === 1 ? 'one round' : `${count} rounds`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function figuresTable(report: Report): string {
  if (report.subjects.length === 0) return '';
  const columns = columnsOf(report);
  const rows = report.subjects.map((subject) => [
    subject.name.startsWith('weft') ? `**${subject.name}**` : subject.name,
    subject.version,
    ...columns.map(({ cell }) => cell(subject)),
  ]);
  return table(['subject', 'version', ...columns.map((column) => column.title)], rows);
}

function ratiosLine({ ratios }: Report): string {
  const said = Object.entries(ratios).map(([name, ratio]) => `${name} ${ratio.toFixed(2)}`);
  return said.length === 0 ? '' : `Ratios: ${said.join(', ')}.`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
