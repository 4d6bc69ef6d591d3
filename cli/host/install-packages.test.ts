import { expect, test } from 'vitest';
import { distributionOf, packagesFor } from './distribution.ts';
import { failureOf } from './install-packages.ts';
import { dropsForwarded, parseAvailable, parseCgroups } from './probe-host.ts';

test.each([
  ['Debian', 'PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\n', 'debian'],
  ['Ubuntu', 'ID=ubuntu\nID_LIKE=debian\n', 'debian'],
  ['one like Ubuntu', 'ID=linuxmint\nID_LIKE="ubuntu debian"\n', 'debian'],
  ['Fedora', 'NAME="Fedora Linux"\nID=fedora\n', 'fedora'],
  ['Rocky', 'ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'fedora'],
  ['Alpine', 'ID=alpine\n', 'alpine'],
  ['another', 'ID=plan9\n', undefined],
  ['nothing', '', undefined],
])('knows the family of %s', (_, osRelease, family) => {
  expect(distributionOf(osRelease)?.family).toBe(family);
});

test('names each package once, and only for what is missing', () => {
  const debian = distributionOf('ID=debian')!;
  expect(packagesFor(debian, ['nsenter', 'unshare', 'ip', 'libatomic'])).toEqual([
    'iproute2',
    'libatomic1',
    'util-linux',
  ]);
  expect(packagesFor(debian, [])).toEqual([]);
});

test.each([
  [
    'no network',
    'E: Failed to fetch x  Temporary failure resolving y',
    'PackagesUnreachable',
    /cannot be reached to install runc/,
  ],
  [
    'another reason',
    'E: Unmet dependencies\nmore',
    'PackagesFailed',
    /runc cannot be installed: E: Unmet dependencies$/,
  ],
  ['no reason', '', 'PackagesFailed', /exit code 100$/],
])('says in one line that %s kept packages away', (_, stderr, code, words) => {
  const failure = failureOf(['runc'], { code: 0, stdout: '', stderr: '' }, { code: 100, stdout: '', stderr });
  expect(failure.code).toBe(code);
  expect(failure.message).toMatch(words);
  expect(failure.remedy).toBeDefined();
});

test.each([
  [
    'v2',
    '1 0 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw',
    'cpu memory pids\n',
    'v2',
    ['cpu', 'memory', 'pids'],
  ],
  [
    'v1',
    '1 0 0:1 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct',
    '',
    'v1',
    ['rw', 'cpu', 'cpuacct'],
  ],
  [
    'hybrid',
    '1 0 0:1 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n2 0 0:2 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
    '',
    'hybrid',
    ['rw', 'pids'],
  ],
  ['read-only v1', '1 0 0:1 / /sys/fs/cgroup/pids ro,nosuid - cgroup cgroup rw,pids', '', 'v1', []],
  ['read-only v2', '1 0 0:1 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw', 'cpu memory pids', 'v2', []],
  ['none', '', '', 'none', []],
])('reads cgroups: %s', (_, mounts, v2, mode, controllers) => {
  expect(parseCgroups(mounts, v2)).toEqual({ mode, controllers });
});

test('sees a firewall that drops what is forwarded', () => {
  const chain = (policy: string) =>
    `chain FORWARD {\n\t\ttype filter hook forward priority filter; policy ${policy};\n\t}`;
  expect(dropsForwarded(chain('drop'))).toBe(true);
  expect(dropsForwarded(chain('accept'))).toBe(false);
});

test('reads the memory that is available', () => {
  expect(parseAvailable('MemTotal: 9 kB\nMemAvailable:    2048 kB\n')).toBe(2 << 20);
  expect(parseAvailable('')).toBeUndefined();
});
