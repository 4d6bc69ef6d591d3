import { expect, test } from 'vitest';
import { cpuTimeOf, memoryOf, parseRollup, parseStat } from './accounting.ts';

test('reads the times of the whole process, whatever its name looks like', () => {
  const stat = '42 (a) b) S 1 42 42 0 -1 4194560 100 0 0 0 123 45 6 7 20 0 12 0 1000 1 2';
  expect(parseStat(stat)).toEqual({ userMicros: 1_230_000, sysMicros: 450_000 });
});

test('private memory is clean and dirty pages together', () => {
  const rollup = `55d0-7ffe ---p 00000000 00:00 0 [rollup]
Rss:               10240 kB
Pss:                5120 kB
Pss_Dirty:          1024 kB
Private_Clean:       512 kB
Private_Dirty:      2048 kB
`;
  expect(parseRollup(rollup)).toEqual({ rssMb: 10, pssMb: 5, privateMb: 2.5 });
});

test('the kernel of this machine says these things of a process that runs', () => {
  const { userMicros, sysMicros } = cpuTimeOf([process.pid]);
  expect(userMicros + sysMicros).toBeGreaterThan(0);
  const { rssMb, pssMb, privateMb } = memoryOf([process.pid]);
  expect(rssMb).toBeGreaterThanOrEqual(pssMb);
  expect(pssMb).toBeGreaterThanOrEqual(privateMb);
  expect(privateMb).toBeGreaterThan(0);
});
