/** Reads reports from `bench/results/`, and writes the page and its plots. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report, Scenario } from '../scenario.ts';
import { plotsOf } from './plots.ts';
import { resultsPage, type Section } from './results-page.ts';

const BENCH = join(import.meta.dirname, '..');
const RESULTS = join(BENCH, 'results');

/** Where the report of a scenario is kept. */
export function reportPath(scenario: string): string {
  return join(RESULTS, `${scenario}.json`);
}

/** Keeps a report for the page; the one before is replaced. */
export function keepReport(report: Report): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(reportPath(report.scenario), `${JSON.stringify(report, undefined, 2)}\n`);
}

/** Writes `bench/RESULTS.md` of all reports that are kept, in the order of `scenarios`. Returns its path; throws when none is kept. */
export function writeResults(scenarios: readonly Pick<Scenario, 'name' | 'title'>[]): string {
  const kept = new Set(existsSync(RESULTS) ? readdirSync(RESULTS) : []);
  if (!scenarios.some(({ name }) => kept.has(`${name}.json`)))
    throw new Error('no report is kept yet: `npm run bench -- all --keep` measures and keeps them');
  const sections = scenarios
    .filter(({ name }) => kept.has(`${name}.json`))
    .map(({ name, title }): Section => {
      const report = JSON.parse(readFileSync(reportPath(name), 'utf8')) as Report;
      return { report, title, plots: writePlots(report), note: noteOf(name) };
    });
  const page = join(BENCH, 'RESULTS.md');
  writeFileSync(page, resultsPage(sections));
  return page;
}

function writePlots(report: Report): readonly string[] {
  return plotsOf(report).map(({ name, svg }) => {
    writeFileSync(join(RESULTS, name), svg);
    return `results/${name}`;
  });
}

/** What a person has found out about a scenario's figures: `bench/notes/NAME.md`. */
function noteOf(scenario: string): string {
  try {
    return readFileSync(join(BENCH, 'notes', `${scenario}.md`), 'utf8');
  } catch {
    return '';
  }
}
