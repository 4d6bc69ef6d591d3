import { deniedSyscalls, NAMESPACE_FLAGS } from './seccomp-denials.ts';
import { convertProfile, type EngineProfile, seccompArchitectures } from './seccomp-profile.ts';
import type { OciSeccomp, OciSyscallRule } from './spec.ts';

/**
 * The system call filter of a container: the allow-list of the host's container tools without what is never granted; or,
 * where there is none, everything but that. The second is weaker (a call that is new tomorrow passes) and needs no upkeep.
 * Calls of other architectures (32-bit ones) end the process, as libseccomp does with what is not listed.
 */

const EPERM = 1;
const ENOSYS = 38;

/** `profile` is undefined where the host has none; `arch` is Node's `process.arch`. Pure. */
export function seccompFilter(
  profile: EngineProfile | undefined,
  arch: string,
  capabilities: readonly string[],
): OciSeccomp {
  const denied = deniedSyscalls(capabilities);
  return profile === undefined
    ? allButDenied(arch, denied)
    : narrowed(convertProfile(profile, arch, capabilities), denied);
}

/** The flags of clone3 lie in memory, out of a filter's sight: it is said not to exist, and libraries fall back to clone. */
function allButDenied(arch: string, denied: readonly string[]): OciSeccomp {
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: seccompArchitectures(arch),
    syscalls: [
      refuse(denied, EPERM),
      ...NAMESPACE_FLAGS.map((flag) => ({ ...refuse(['clone'], EPERM), args: [cloneFlags(flag, flag)] })),
      refuse(['clone3'], ENOSYS),
    ],
  };
}

/** An allow-list with the denied calls taken out of it, and clone only without flags that make namespaces. */
function narrowed(filter: OciSeccomp, denied: readonly string[]): OciSeccomp {
  const removed = new Set([...denied, 'clone', 'clone3']);
  const kept = filter.syscalls.flatMap((rule): OciSyscallRule[] => {
    const names = rule.names.filter((name) => !removed.has(name));
    return names.length === 0 ? [] : [{ ...rule, names }];
  });
  const anyNamespace = NAMESPACE_FLAGS.reduce((mask, flag) => mask + flag, 0);
  return {
    ...filter,
    syscalls: [
      ...kept,
      refuse(denied, EPERM),
      refuse(['clone3'], ENOSYS),
      { names: ['clone'], action: 'SCMP_ACT_ALLOW', args: [cloneFlags(anyNamespace, 0)] },
    ],
  };
}

function refuse(names: readonly string[], errnoRet: number): OciSyscallRule {
  return { names, action: 'SCMP_ACT_ERRNO', errnoRet };
}

/** Matches a clone whose flags under `mask` are `value`. */
function cloneFlags(mask: number, value: number) {
  return { index: 0, value: mask, valueTwo: value, op: 'SCMP_CMP_MASKED_EQ' };
}
