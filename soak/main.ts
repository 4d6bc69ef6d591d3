/**
 * `npm run soak [-- --minutes N --seed S --rate R]`: the sidecar's production bundle under churn, then its account. Ends with
 * 1 and the reasons when anything was lost, left over, slow, or growing.
 */
import { parseArgs } from 'node:util';
import { startBundledSidecar } from './bundled-sidecar.ts';
import { soak } from './soak.ts';
import { DEFAULT_SOAK_LIMITS, findings, tableOf } from './verdict.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(process.hrtime.bigint() % 1_000_000n) },
    rate: { type: 'string', default: '120' },
  },
});

const [minutes, seed, visitsPerSecond] = [values.minutes, values.seed, values.rate].map(Number) as [
  number,
  number,
  number,
];
if (!(minutes > 0) || !Number.isInteger(seed) || !(visitsPerSecond > 0)) {
  console.error('usage: npm run soak -- [--minutes N] [--seed WHOLE_NUMBER] [--rate CONNECTIONS_PER_SECOND]');
  process.exit(2);
}

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
