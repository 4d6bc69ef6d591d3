/**
 * `npm run fuzz [-- --seconds N] [--seed S] [--from I] [--resume]`: draws inputs until the time is over, and asks of each whether
 * it is read the same however it is cut, whether what is passed on is what was judged, and what llhttp thinks of it. Exits 0
 * when nothing was found, also when it was stopped; 1 with the defect; 2 when it was asked wrongly.
 */
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { messageOf } from '#api/foundation/errors.ts';
import { inputOf } from './inputs.ts';
import { Ledger } from './ledger.ts';
import { type Progress, readProgress, writeProgress } from './progress.ts';
import { tryInput } from './trial.ts';

const PROGRESS_FILE = fileURLToPath(new URL('../.fuzz/progress.json', import.meta.url));
/** Between two looks at the clock. */
const BATCH = 2000;
const TELL_EVERY_MS = 10_000;

interface Flags {
  readonly seconds: number;
  readonly seed?: number;
  readonly from?: number;
  readonly resume?: boolean;
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number.');
}

const flags = new Command('fuzz')
  .description('Compares the codec with llhttp on inputs that are drawn from a seed.')
  .option('--seconds <n>', 'how long', wholeNumber, 60)
  .option('--seed <n>', 'draws the inputs; a new one when it is left out', wholeNumber)
  .option('--from <i>', 'number of the first input', wholeNumber)
  .addOption(new Option('--resume', 'go on where the last run stopped').conflicts(['seed', 'from']))
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .showHelpAfterError()
  .parse()
  .opts<Flags>();

function keptOrRefused(): Progress | undefined {
  try {
    return readProgress(PROGRESS_FILE);
  } catch (error) {
    process.stderr.write(`fuzz: ${messageOf(error)}\n`);
    process.exit(2);
  }
}

function beginning({
  resume = false,
  from = 0,
  seed = Number(process.hrtime.bigint() % 1_000_000_000n),
}: Flags): Progress {
  const kept = resume ? keptOrRefused() : undefined;
  if (resume && kept === undefined) process.stdout.write('there is no run to resume; this one is new\n');
  return kept ?? { seed, iteration: from, counts: {} };
}

const { seed, iteration: first, counts } = beginning(flags);
const ledger = new Ledger(flags.resume === true ? first : 0, counts);
let iteration = first;
let wanted = true;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    wanted = false;
  });

/** Tries a batch of inputs; false when one of them shows a defect. */
function batch(): boolean {
  for (const last = iteration + BATCH; iteration < last; iteration++) {
    const input = inputOf(seed, iteration);
    const { verdict, defect } = tryInput(input);
    if (defect === undefined) {
      ledger.note(verdict?.name);
      continue;
    }
    process.stdout.write(`\nDEFECT ${defect}\n  ${input.side}: ${JSON.stringify(input.text)}\n`);
    process.stdout.write(`  again: npm run fuzz -- --seed ${seed} --from ${iteration}\n`);
    return false;
  }
  return true;
}

/** Kept while it runs, so that a run that was killed is resumed near its end. */
function keep(): void {
  writeProgress(PROGRESS_FILE, { seed, iteration, counts: ledger.counts });
}

process.stdout.write(`seed ${seed}, from input ${first} on, ${flags.seconds} s\n`);
const startMs = performance.now();
let toldMs = startMs;
let sound = true;
while (wanted && sound && performance.now() - startMs < flags.seconds * 1_000) {
  sound = batch();
  await new Promise((resolve) => setImmediate(resolve));
  if (performance.now() - toldMs < TELL_EVERY_MS) continue;
  toldMs = performance.now();
  keep();
  process.stderr.write(`${Math.round((toldMs - startMs) / 1_000)} s: ${iteration - first} inputs\n`);
}
keep();
if (!wanted) process.stdout.write('stopped; --resume goes on from here\n');
process.stdout.write(`${ledger.table()}\n`);
process.exitCode = sound ? 0 : 1;
