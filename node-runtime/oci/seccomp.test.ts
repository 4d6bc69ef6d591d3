import { expect, test } from 'vitest';
import { seccompFilter } from './seccomp.ts';
import { EngineProfile } from './seccomp-profile.ts';

const PROFILE = EngineProfile.parse({
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 38,
  syscalls: [
    {
      names: ['read', 'mount', 'clone', 'clone3', 'ptrace'],
      action: 'SCMP_ACT_ALLOW',
      args: [],
      includes: {},
      excludes: {},
    },
    { names: ['arm_only'], action: 'SCMP_ACT_ALLOW', includes: { arches: ['arm64'] } },
    { names: ['not_on_amd'], action: 'SCMP_ACT_ALLOW', excludes: { arches: ['amd64'] } },
    { names: ['with_chown'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_CHOWN'] } },
    { names: ['without_chown'], action: 'SCMP_ACT_ERRNO', errnoRet: 1, excludes: { caps: ['CAP_CHOWN'] } },
    {
      names: ['personality'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value: 8, valueTwo: 0, op: 'SCMP_CMP_EQ' }],
    },
  ],
});
const namesOf = (action: string, capabilities: string[] = [], arch = 'x64') =>
  seccompFilter(PROFILE, arch, capabilities)
    .syscalls.filter((rule) => rule.action === action)
    .flatMap((rule) => rule.names);

test('takes from the host’s profile what is meant for this machine', () => {
  expect(namesOf('SCMP_ACT_ALLOW')).toEqual(['read', 'personality', 'clone']);
  expect(namesOf('SCMP_ACT_ALLOW', [], 'arm64')).toEqual([
    'read',
    'arm_only',
    'not_on_amd',
    'personality',
    'clone',
  ]);
});

test('goes by the capabilities of the container', () => {
  expect(namesOf('SCMP_ACT_ALLOW', ['CAP_CHOWN'])).toContain('with_chown');
  expect(namesOf('SCMP_ACT_ERRNO', ['CAP_CHOWN'])).not.toContain('without_chown');
  expect(namesOf('SCMP_ACT_ALLOW', ['CAP_SYS_PTRACE'])).toContain('ptrace');
});

test('is for one architecture', () => {
  expect(seccompFilter(PROFILE, 'x64', []).architectures).toEqual(['SCMP_ARCH_X86_64']);
  expect(seccompFilter(undefined, 'arm64', []).architectures).toEqual(['SCMP_ARCH_AARCH64']);
});

test.each([
  ['with', PROFILE],
  ['without', undefined],
])('refuses what reaches out of a container, %s a profile of the host', (_, profile) => {
  const { syscalls } = seccompFilter(profile, 'x64', []);
  const refused = syscalls.filter((rule) => rule.action === 'SCMP_ACT_ERRNO').flatMap((rule) => rule.names);
  for (const name of ['mount', 'unshare', 'bpf', 'keyctl', 'kexec_load', 'init_module', 'ptrace', 'setns']) {
    expect(refused).toContain(name);
  }
  expect(syscalls.find((rule) => rule.names.includes('clone3'))?.errnoRet).toBe(38);
});

test('lets processes fork, but not into new namespaces', () => {
  const clone = seccompFilter(PROFILE, 'x64', []).syscalls.find((rule) => rule.names.includes('clone'));
  expect(clone?.args).toEqual([{ index: 0, value: 0x7e020000, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }]);
  const denied = seccompFilter(undefined, 'x64', []).syscalls.filter((rule) => rule.names.includes('clone'));
  expect(denied.map((rule) => rule.args?.[0]?.value)).toContain(0x10000000);
});

test('no call is both allowed and refused', () => {
  const refused = new Set(namesOf('SCMP_ACT_ERRNO'));
  expect(namesOf('SCMP_ACT_ALLOW').filter((name) => refused.has(name))).toEqual([]);
});
