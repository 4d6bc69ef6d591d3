/** A short soak of a sidecar in this process: its accounts must balance and nothing may be left, whatever the memory does. */
import { expect, test } from 'vitest';
import { seededRandom } from '#api/foundation/random.ts';
import { startLocalSidecar } from './local-sidecar.ts';
import { soak } from './soak.ts';
import { DEFAULT_SOAK_LIMITS, findings, tableOf } from './verdict.ts';

const SEED = 20;

test('every request is accounted for under churn, and nothing is left over', {
  timeout: 120_000,
}, async () => {
  const record = await soak({
    seconds: 12,
    seed: SEED,
    visitsPerSecond: 50,
    changeEveryMs: 150,
    start: (port, where) => startLocalSidecar(port, where, seededRandom(SEED)),
    progress: () => {},
  });
  console.log(tableOf(record));
  /** Here the clients and the applications share the process: its memory and its descriptors are theirs too, and so are its delays: only stalls count. */
  const limits = {
    ...DEFAULT_SOAK_LIMITS,
    heapMb: undefined,
    privateMb: undefined,
    delayP99Ms: 200,
    leftDescriptors: 60,
    leftSockets: 60,
    leftTimers: 100,
  };
  expect(findings(record, limits)).toEqual([]);
  expect(record.accounts.started).toBeGreaterThan(500);
});
