import { expect, test } from 'vitest';
import { cgroupLayout, directoriesOf, podCgroup } from './cgroup-layout.ts';

const mount = (mountPoint: string, type: string, superOptions: string[] = ['rw']) => ({
  mountPoint,
  type,
  superOptions,
});
const V1 = [
  mount('/sys/fs/cgroup', 'tmpfs'),
  mount('/sys/fs/cgroup/cpu,cpuacct', 'cgroup', ['rw', 'cpu', 'cpuacct']),
  mount('/sys/fs/cgroup/memory', 'cgroup', ['rw', 'memory']),
];

test.each([
  ['v1', V1],
  ['hybrid', [...V1, mount('/sys/fs/cgroup/unified', 'cgroup2')]],
  ['v2', [mount('/sys/fs/cgroup', 'cgroup2')]],
] as const)('recognises %s', (mode, mounts) => {
  expect(cgroupLayout(mounts).mode).toBe(mode);
});

test('finds the hierarchy of a controller, also where two share one', () => {
  const layout = cgroupLayout(V1);
  expect(layout.rootOf('cpuacct')).toBe('/sys/fs/cgroup/cpu,cpuacct');
  expect(layout.rootOf('pids')).toBeUndefined();
  expect(cgroupLayout([mount('/sys/fs/cgroup', 'cgroup2')]).rootOf('pids')).toBe('/sys/fs/cgroup');
});

test('names a pod in every hierarchy', () => {
  expect(directoriesOf(cgroupLayout(V1), podCgroup('m', 'u1'))).toEqual([
    '/sys/fs/cgroup/cpu,cpuacct/weft-m/podu1',
    '/sys/fs/cgroup/memory/weft-m/podu1',
  ]);
});
