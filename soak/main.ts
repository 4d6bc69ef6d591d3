/**
 * `npm run soak [-- --minutes N --seed S --rate R]`: the sidecar's production bundle under churn, then its account. Ends with
 * 1 and the reasons when anything was lost, left over, slow, or growing; with 2 when it was asked wrongly.
 */
import { constants } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { startBundledSidecar } from './bundled-sidecar.ts';
import { soak } from './soak.ts';
import { DEFAULT_SOAK_LIMITS, findings, tableOf } from './verdict.ts';

interface Flags {
  readonly minutes: number;
  readonly seed: number;
  readonly rate: number;
}

function positive(text: string): number {
  if (Number(text) > 0 && Number.isFinite(Number(text))) return Number(text);
  throw new InvalidArgumentError('It is a number above 0.');
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number.');
}

const {
  minutes,
  seed,
  rate: visitsPerSecond,
} = new Command('soak')
  .description(
    'Loads a sidecar whose mesh never stands still, and asks that nothing is lost, left over or growing.',
  )
  .option('--minutes <n>', 'how long', positive, 2)
  .addOption(
    new Option('--seed <n>', 'draws what clients, applications and the mesh do')
      .argParser(wholeNumber)
      .default(Number(process.hrtime.bigint() % 1_000_000n), 'a new one'),
  )
  .option('--rate <n>', 'connections a second', positive, 120)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .showHelpAfterError()
  .parse()
  .opts<Flags>();

/** Runs what is to be done at the end also on Ctrl-C: no process and no folder is left. */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => process.exit(128 + constants.signals[signal]));

console.log(`soak: ${minutes} minutes, seed ${seed}, ${visitsPerSecond} connections a second`);
const record = await soak({
  seconds: minutes * 60,
  seed,
  visitsPerSecond,
  changeEveryMs: 250,
  start: startBundledSidecar,
  progress: (line) => console.log(line),
}).catch((error: unknown) => {
  console.log(`FAILED: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
});
console.log(`\n${tableOf(record)}\n`);
const wrong = findings(record, DEFAULT_SOAK_LIMITS);
for (const each of wrong) console.log(`FAILED: ${each}`);
if (wrong.length === 0) console.log('passed');
process.exit(wrong.length === 0 ? 0 : 1);
