/**
 * `npm run bench -- SCENARIO|all|list|setup [--quick] [--json FILE]`: progress on standard error, tables on standard output.
 * Exits 0 when everything was measured, 1 when something failed, 2 when it was asked wrongly.
 */
import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { leaveNothing } from './harness/leave-nothing.ts';
import { measure } from './measure.ts';
import type { Report, Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';
import { setUp } from './setup.ts';
import { drawReport, drawTable } from './table.ts';

interface Flags {
  readonly quick?: boolean;
  readonly json?: string;
}

const program = new Command('bench')
  .usage('SCENARIO|all|list|setup [--quick] [--json FILE]')
  .description('Measures weft beside its peers, interleaved in one run.')
  .argument('<scenario>', 'a scenario, `all`, `list`, or `setup` to install the peers')
  .option('--quick', 'fewer and shorter rounds')
  .option('--json <file>', 'write the report, or with `all` an array of them')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .showHelpAfterError()
  .action((name: string, flags: Flags) => {
    if (name === 'list') return list();
    if (name === 'setup') return setUp(say);
    return runNamed(name, flags);
  });

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function list(): void {
  process.stdout.write(`${drawTable(SCENARIOS.map(({ name, title }) => [name, title])).join('\n')}\n`);
}

async function runNamed(name: string, flags: Flags): Promise<void> {
  if (name === 'all') return save(await runAll(SCENARIOS, flags), flags);
  const scenario = SCENARIOS.find((each) => each.name === name);
  if (scenario === undefined) {
    const names = SCENARIOS.map((each) => each.name).join(', ');
    process.stderr.write(`bench: there is no scenario ${name}. There are: ${names}; and all, list, setup\n`);
    process.exit(2);
  }
  const [report] = await runAll([scenario], flags);
  save(report!, flags);
}

/** One after the other: they share the machine's cores. */
async function runAll(scenarios: readonly Scenario[], { quick = false }: Flags): Promise<Report[]> {
  const reports: Report[] = [];
  for (const scenario of scenarios) {
    const progress = (line: string): void => say(`${scenario.name}: ${line}`);
    const report = await measure(scenario, { quick, progress });
    process.stdout.write(`${reports.length > 0 ? '\n' : ''}${drawReport(report, scenario.title)}`);
    reports.push(report);
  }
  return reports;
}

function save(result: Report | readonly Report[], { json }: Flags): void {
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
}

leaveNothing();
program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
