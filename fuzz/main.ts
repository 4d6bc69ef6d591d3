/**
 * `npm run fuzz [-- --seconds N] [--seed S] [--from I] [--resume]`: draws inputs until the time is over, and asks of each whether
 * it is read the same however it is cut, whether what is passed on is what was judged, and what llhttp thinks of it.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { inputOf } from './inputs.ts';
import { Ledger } from './ledger.ts';
import { type Progress, readProgress, writeProgress } from './progress.ts';
import { tryInput } from './trial.ts';

const PROGRESS_FILE = fileURLToPath(new URL('../.fuzz/progress.json', import.meta.url));
/** Between two looks at the clock. */
const BATCH = 2000;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    from: { type: 'string', default: '0' },
    resume: { type: 'boolean', default: false },
  },
});

function numberOf(name: 'seconds' | 'seed' | 'from', text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  process.stderr.write(`--${name} is a whole number, not ${JSON.stringify(text)}\n`);
  process.exit(2);
}

function beginning(): Progress {
  const kept = values.resume ? readProgress(PROGRESS_FILE) : undefined;
  if (kept !== undefined) return kept;
  const seed = numberOf('seed', values.seed ?? String(process.hrtime.bigint() % 1_000_000_000n));
  return { seed, iteration: numberOf('from', values.from), counts: {} };
}

const { seed, iteration: first, counts } = beginning();
const ledger = new Ledger(values.resume ? first : 0, counts);
let iteration = first;
let wanted = true;
process.on('SIGINT', () => {
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

process.stdout.write(`seed ${seed}, from input ${first} on\n`);
const end = process.hrtime.bigint() + BigInt(numberOf('seconds', values.seconds)) * 1_000_000_000n;
let sound = true;
while (wanted && sound && process.hrtime.bigint() < end) {
  sound = batch();
  await new Promise((resolve) => setImmediate(resolve));
}
writeProgress(PROGRESS_FILE, { seed, iteration, counts: ledger.counts });
process.stdout.write(`${ledger.table()}\n`);
process.exitCode = sound ? 0 : 1;
