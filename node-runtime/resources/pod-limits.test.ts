import { expect, test } from 'vitest';
import { podLimitWrites, sumOfLimits, weightOf } from './pod-limits.ts';

test('a pod may use what its containers may use together', () => {
  expect(
    sumOfLimits([
      { pids: 10, memoryBytes: 100, cpus: 0.5, cpuRequest: 0.25 },
      { pids: 20, memoryBytes: 200, cpus: 1, cpuRequest: 0.5 },
    ]),
  ).toEqual({ pids: 30, memoryBytes: 300, cpus: 1.5, cpuRequest: 0.75 });
});

test('one container without a limit leaves the pod without it', () => {
  expect(
    sumOfLimits([
      { pids: 10, memoryBytes: 100 },
      { pids: 20, cpus: 1 },
    ]),
  ).toEqual({ pids: 30 });
});

test('limits are written in the words of each cgroup version', () => {
  const limits = { pids: 30, memoryBytes: 300, cpus: 1.5, cpuRequest: 1 };
  const files = (v2: boolean) =>
    Object.fromEntries(podLimitWrites(limits, v2).map(({ file, value }) => [file, value]));
  expect(files(false)).toEqual({
    'memory.limit_in_bytes': '300',
    'cpu.cfs_period_us': '100000',
    'cpu.cfs_quota_us': '150000',
    'cpu.shares': '1024',
    'pids.max': '30',
  });
  expect(files(true)).toEqual({
    'memory.max': '300',
    'cpu.max': '150000 100000',
    'cpu.weight': '39',
    'pids.max': '30',
  });
});

test.each([
  [2, 1],
  [1024, 39],
  [262_144, 10_000],
])('%i shares weigh %i', (shares, weight) => {
  expect(weightOf(shares)).toBe(weight);
});
