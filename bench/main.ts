/**
 * `npm run bench -- SCENARIO|all|list|setup|report [--quick] [--keep] [--json FILE]`: progress on standard error, tables on
 * standard output. Exits 0 when everything was measured, 1 when something failed, 2 when it was asked wrongly.
 */
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { messageOf } from '#api/foundation/errors.ts';
import { leaveNothing } from './harness/leave-nothing.ts';
import { measure } from './measure.ts';
import { keepReport, writeResults } from './report/write-results.ts';
import type { Report, Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';
import { setUp } from './setup.ts';
import { drawReport, drawTable } from './table.ts';

interface Flags {
  readonly quick?: boolean;
  readonly keep?: boolean;
  readonly json?: string;
}

const program = new Command('bench')
  .usage('SCENARIO|all|list|setup|report [--quick] [--keep] [--json FILE]')
  .description('Measures weft beside its peers, interleaved in one run.')
  .argument(
    '<scenario>',
    'a scenario, `all`, `list`, `setup` to install the peers, or `report` to write RESULTS.md',
  )
  .option('--quick', 'fewer and shorter rounds')
  .option('--keep', 'keep the reports in bench/results/, for `report`')
  .option('--json <file>', 'write the report, or with `all` an array of them')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .showHelpAfterError()
  .action((name: string, flags: Flags) => {
    if (name === 'list') return list();
    if (name === 'setup') return setUp(say);
    if (name === 'report') return say(`wrote ${writeResults(SCENARIOS)}`);
    return runNamed(name, flags);
  });

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function list(): void {
  process.stdout.write(`${drawTable(SCENARIOS.map(({ name, title }) => [name, title])).join('\n')}\n`);
}

async function runNamed(name: string, flags: Flags): Promise<void> {
  const scenario = SCENARIOS.find((each) => each.name === name);
  if (scenario === undefined && name !== 'all') {
    const names = SCENARIOS.map((each) => each.name).join(', ');
    process.stderr.write(
      `bench: there is no scenario ${name}. There are: ${names}; and all, list, setup, report\n`,
    );
    process.exit(2);
  }
  assertWritable(flags);
  return scenario === undefined ? runAll(flags) : save(await runOne(scenario, flags), flags);
}

/** One after the other: they share the machine's cores. One that fails does not keep the others from being measured. */
async function runAll(flags: Flags): Promise<void> {
  const reports: Report[] = [];
  const failures: string[] = [];
  for (const scenario of SCENARIOS) {
    try {
      reports.push(await runOne(scenario, flags));
    } catch (error) {
      failures.push(`${scenario.name}: ${messageOf(error)}`);
      say(failures.at(-1)!);
    }
    process.stdout.write('\n');
  }
  save(reports, flags);
  if (failures.length > 0) throw new Error(`not measured: ${failures.join('; ')}`);
}

async function runOne(scenario: Scenario, { quick = false, keep = false }: Flags): Promise<Report> {
  const progress = (line: string): void => say(`${scenario.name}: ${line}`);
  const report = await measure(scenario, { quick, progress });
  process.stdout.write(drawReport(report, scenario.title));
  if (keep) keepReport(report);
  return report;
}

/** Asked before anything is measured: figures of minutes would be lost. */
function assertWritable({ json }: Flags): void {
  if (json !== undefined) closeSync(openSync(json, 'a'));
}

function save(result: Report | readonly Report[], { json }: Flags): void {
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
}

leaveNothing();
program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`bench: ${messageOf(error)}\n`);
  process.exit(1);
});
