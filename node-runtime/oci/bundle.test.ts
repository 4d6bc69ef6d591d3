import { expect, test } from 'vitest';
import type { ContainerPlan } from '../pod/containers.ts';
import { type BundleInputs, buildBundle, execProcess } from './bundle.ts';

const PLAN: ContainerPlan = {
  id: 'm-u-app-0',
  sandbox: 'm-pod',
  podUid: 'u',
  name: 'app',
  argv: ['node', 'server.js'],
  env: { PORT: '80', PATH: '/usr/bin' },
  cwd: '/srv/',
  uid: 1000,
  gid: 1001,
  additionalGids: [7],
  capabilities: [],
  readOnlyRoot: true,
  mounts: [],
  limits: { pids: 10, memoryBytes: 64 << 20 },
  seccomp: 'default',
  logPath: '/var/log/app.log',
};
const INPUTS: BundleInputs = {
  root: '/run/root',
  rootMounts: [{ destination: '/usr', type: 'bind', source: '/usr', options: ['rbind', 'ro'] }],
  cgroupsPath: '/weft-m/podu/app-0',
  namespaces: { network: '/run/netns/m-pod', ipc: '/run/ipc', uts: '/run/uts' },
  seccomp: undefined,
  maxOpenFiles: 4096,
  countsSwap: true,
};
const build = (changes: Partial<ContainerPlan> = {}) => buildBundle({ ...PLAN, ...changes }, INPUTS);
const destinations = (changes: Partial<ContainerPlan>) =>
  build(changes).mounts.map((mount) => mount.destination);

test('a container joins its pod’s namespaces and has the others to itself', () => {
  expect(build().linux.namespaces).toEqual([
    { type: 'mount' },
    { type: 'pid' },
    { type: 'cgroup' },
    { type: 'network', path: '/run/netns/m-pod' },
    { type: 'ipc', path: '/run/ipc' },
    { type: 'uts', path: '/run/uts' },
  ]);
});

test('it has no privileges and cannot gain any', () => {
  const { process, linux, root } = build();
  expect(process.noNewPrivileges).toBe(true);
  expect(Object.values(process.capabilities).flat()).toEqual([]);
  expect(root.readonly).toBe(true);
  expect(linux.maskedPaths).toContain('/proc/kcore');
  expect(linux.readonlyPaths).toContain('/proc/sys');
  expect(linux.rootfsPropagation).toBe('rprivate');
});

test('capabilities that are granted are neither inheritable nor ambient', () => {
  const { capabilities } = build({ capabilities: ['CAP_NET_BIND_SERVICE'] }).process;
  expect(capabilities.bounding).toEqual(['CAP_NET_BIND_SERVICE']);
  expect(capabilities.inheritable).toEqual([]);
  expect(capabilities.ambient).toEqual([]);
});

test('it runs as who was asked, where weft’s programs come first', () => {
  const { user, env, cwd } = build().process;
  expect(user).toEqual({ uid: 1000, gid: 1001, additionalGids: [7] });
  expect(env).toEqual(['PORT=80', 'PATH=/opt/weft/bin:/usr/bin']);
  expect(cwd).toBe('/srv/');
});

test('it may not open more files than the host allows', () => {
  expect(build().process.rlimits[0]).toEqual({ type: 'RLIMIT_NOFILE', soft: 4096, hard: 4096 });
});

test('own mounts come last, parents first, and replace the base for the same place', () => {
  const tmpfs = (destination: string) => ({
    destination,
    source: '',
    type: 'tmpfs' as const,
    readOnly: false,
  });
  const found = destinations({ mounts: [tmpfs('/data/deep/er'), tmpfs('/tmp'), tmpfs('/data')] });
  expect(found.slice(-3)).toEqual(['/tmp', '/data', '/data/deep/er']);
  expect(found.filter((path) => path === '/tmp')).toHaveLength(1);
});

test('mounts carry no devices and no set-user-id programs', () => {
  const mounts = [{ destination: '/data', source: '/srv/x', type: 'bind' as const, readOnly: false }];
  expect(build({ mounts }).mounts.at(-1)?.options).toEqual(['rbind', 'rprivate', 'nosuid', 'nodev', 'rw']);
});

test.each([
  '/',
  '/proc',
  '/proc/sys/net',
  '/sys/fs',
  '/dev',
  '/dev/sda',
  'data',
  '/data/../proc/x',
  '//dev//null',
])('nothing is mounted on %s', (destination) => {
  const mounts = [{ destination, source: '/x', type: 'bind' as const, readOnly: true }];
  expect(() => build({ mounts })).toThrow('cannot be mounted on');
});

test('shared memory may be given a size', () => {
  const mounts = [
    { destination: '/dev/shm', source: '', type: 'tmpfs' as const, readOnly: false, sizeBytes: 9 },
  ];
  expect(build({ mounts }).mounts.at(-1)?.options).toContain('size=9');
});

test.each(['/proc/self/fd/8', '/srv/../proc/1', '/sys', 'relative', ''])(
  '"%s" is no working directory',
  (cwd) => {
    expect(() => build({ cwd })).toThrow('cannot be a working directory');
  },
);

test.each([
  ['no command', { argv: [] }, 'no command'],
  ['a zero byte in it', { argv: ['a\0b'] }, 'no command that can be run'],
  ['CAP_SYS_ADMIN', { capabilities: ['CAP_SYS_ADMIN', 'CAP_CHOWN'] }, 'CAP_SYS_ADMIN cannot be given'],
  ['a capability that does not exist', { capabilities: ['CAP_MAGIC'] }, 'CAP_MAGIC cannot be given'],
])('%s is refused', (_, changes, words) => {
  expect(() => build(changes)).toThrow(words);
});

test('a command that is run later is as confined, in the same environment and more', () => {
  const first = build({ capabilities: ['CAP_CHOWN'] }).process;
  const later = execProcess(first, ['ls'], { uid: 5, gid: 6, env: { PORT: '81', X: 'y' } });
  expect(later).toEqual({
    ...first,
    args: ['ls'],
    user: { uid: 5, gid: 6, additionalGids: [7] },
    env: ['PATH=/opt/weft/bin:/usr/bin', 'PORT=81', 'X=y'],
  });
});
