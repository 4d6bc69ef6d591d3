import { expect, test } from 'vitest';
import type { HostFacts } from './host-check.ts';
import { judgeHost } from './judge-host.ts';
import { judgeRunc } from './runc-security.ts';

const GOOD: HostFacts = {
  uid: 0,
  nodeVersion: 'v26.10.0',
  kernelRelease: '6.18.0',
  namespaces: ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'pid_for_children', 'user', 'uts'],
  cgroups: { mode: 'v2', controllers: ['cpu', 'memory', 'pids', 'io'] },
  trials: { links: '', rules: '' },
  fileSystems: ['ext4', 'overlay'],
  programs: {
    runc: 'runc version 1.3.3',
    conmon: 'conmon version 2.1.6',
    nft: 'nftables v1.0.6',
    ip: 'ip utility',
    nsenter: 'nsenter',
    unshare: 'unshare',
    mount: 'mount',
    umount: 'umount',
  },
  hasLibatomic: true,
  hasEngineSeccomp: true,
  memAvailableBytes: 2 ** 31,
  forwardDropped: false,
  heldPorts: {},
};
const without = (program: string) =>
  Object.fromEntries(Object.entries(GOOD.programs).filter(([name]) => name !== program));

test('a good host has nothing to remedy', () => {
  const checks = judgeHost(GOOD);
  expect(checks.filter((check) => check.state !== 'ok')).toEqual([]);
  expect(checks.every((check) => check.remedy === undefined)).toBe(true);
});

test.each<[string, Partial<HostFacts>, string, 'warn' | 'missing', RegExp]>([
  ['another user', { uid: 1000 }, 'root', 'missing', /user 1000/],
  ['an old Node.js', { nodeVersion: 'v20.1.0' }, 'Node.js', 'missing', /v20/],
  [
    'a kernel without a namespace',
    { namespaces: ['net', 'pid', 'mnt', 'uts', 'ipc'] },
    'kernel namespaces',
    'missing',
    /no cgroup/,
  ],
  [
    'a missing controller',
    { cgroups: { mode: 'v2', controllers: ['cpu', 'pids'] } },
    'cgroups',
    'missing',
    /without memory/,
  ],
  ['no cgroups', { cgroups: { mode: 'none', controllers: [] } }, 'cgroups', 'missing', /not mounted/],
  [
    'no bridge',
    { trials: { links: 'Error: Unknown device type.', rules: '' } },
    'bridge and veth',
    'missing',
    /Unknown device/,
  ],
  [
    'what this user may not do',
    { trials: { links: 'unshare failed: Operation not permitted', rules: '' } },
    'bridge and veth',
    'missing',
    /not permitted/,
  ],
  [
    'no NAT',
    { trials: { links: '', rules: 'Could not process rule' } },
    'nftables',
    'missing',
    /Could not process/,
  ],
  ['no overlay', { fileSystems: ['ext4'] }, 'overlayfs', 'warn', /not in this kernel/],
  ['no OCI runtime', { programs: without('runc') }, 'OCI runtime', 'missing', /no runc or crun/],
  [
    'only the runtime that refuses hybrid hosts',
    {
      programs: { ...without('runc'), crun: 'crun 1.8' },
      cgroups: { mode: 'hybrid', controllers: ['cpu', 'memory', 'pids'] },
    },
    'OCI runtime',
    'missing',
    /no runc/,
  ],
  [
    'an old runc',
    { programs: { ...GOOD.programs, runc: 'runc version 1.1.5' } },
    'OCI runtime',
    'warn',
    /CVE-2025-31133/,
  ],
  ['no conmon', { programs: without('conmon') }, 'conmon', 'missing', /not installed/],
  ['no libatomic', { hasLibatomic: false }, 'libatomic', 'missing', /not installed/],
  ['little memory', { memAvailableBytes: 100 << 20 }, 'memory', 'warn', /100 MiB/],
  ['a firewall that drops', { forwardDropped: true }, 'forwarding', 'warn', /Docker/],
  [
    'a port that is held',
    { heldPorts: { 6443: 'nginx (pid 7)' } },
    'port 6443',
    'missing',
    /nginx \(pid 7\)/,
  ],
])('%s is found, with a remedy', (_, facts, name, state, found) => {
  const check = judgeHost({ ...GOOD, ...facts }).find((each) => each.name === name);
  expect(check).toMatchObject({ state, found: expect.stringMatching(found), remedy: expect.any(String) });
});

test('names modules for what the kernel lacks, and rights for what is refused', () => {
  const remedy = (words: string) =>
    judgeHost({ ...GOOD, trials: { links: words, rules: words } }).flatMap((check) => check.remedy ?? []);
  expect(remedy('Unknown device type')).toEqual([
    expect.stringContaining('modprobe -a bridge veth'),
    expect.stringContaining('modprobe -a nf_tables'),
  ]);
  expect(remedy('Operation not permitted').join()).toMatch(/^((?!modprobe).)*CAP_NET_ADMIN((?!modprobe).)*$/);
});

test.each([
  [
    'runc version 1.1.5+ds1, commit: 1.1.5+ds1-1+deb12u1',
    false,
    /^1\.1\.5.*: CVE-2025-31133, -52565 and -52881 may be open$/,
  ],
  ['runc version 1.1.5', false, /CVE-2024-21626, CVE-2025/],
  ['runc version 1.1.12', false, /: CVE-2025/],
  ['runc version 1.2.7', false, /CVE-2025/],
  ['runc version 1.2.8', true, /^1\.2\.8$/],
  ['runc version 1.3.2', false, /CVE-2025/],
  ['runc version 1.3.3', true, /1\.3\.3/],
  ['runc version 1.4.0', true, /1\.4\.0/],
  ['runc version 2.0.0', true, /2\.0\.0/],
  ['something else', false, /cannot be read/],
])('judges %s', (line, safe, words) => {
  expect(judgeRunc(line)).toEqual({ safe, words: expect.stringMatching(words) });
});
