import { expect, test } from 'vitest';
import { ociResources } from './oci-limits.ts';

test.each([
  ['half a core', { pids: 10, cpus: 0.5 }, { quota: 50_000, period: 100_000, shares: 512 }],
  [
    'a limit and a smaller request',
    { pids: 10, cpus: 2, cpuRequest: 0.1 },
    { quota: 200_000, period: 100_000, shares: 102 },
  ],
  ['a request alone', { pids: 10, cpuRequest: 1 }, { shares: 1024 }],
  ['nothing', { pids: 10 }, { shares: 2 }],
  ['less than the kernel accepts', { pids: 10, cpus: 0.001 }, { quota: 1_000, period: 100_000, shares: 2 }],
])('maps %s', (_, limits, cpu) => {
  expect(ociResources(limits, true).cpu).toEqual(cpu);
});

test('leaves no swap beside the memory limit, where the kernel counts it', () => {
  const limits = { pids: 5, memoryBytes: 64 << 20 };
  expect(ociResources(limits, true).memory).toEqual({ limit: 67108864, swap: 67108864 });
  expect(ociResources(limits, false).memory).toEqual({ limit: 67108864 });
  expect(ociResources({ pids: 5 }, true).memory).toBeUndefined();
});

test('denies devices and bounds the process count', () => {
  const resources = ociResources({ pids: 5 }, true);
  expect(resources.devices).toEqual([{ allow: false, access: 'rwm' }]);
  expect(resources.pids.limit).toBe(5);
});
