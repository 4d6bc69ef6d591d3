import { seccompArchitectures } from './seccomp-profile.ts';
import type { OciSeccomp, OciSyscallRule } from './spec.ts';

/**
 * Our own profile, for hosts without containers-common: everything is allowed but what reaches past the container into
 * the kernel or the host. Weaker than an allow-list (a system call that is new tomorrow passes), and needs no upkeep per
 * architecture. Other architectures' calls (32-bit ones) end the process, as libseccomp does with what is not listed.
 */

const EPERM = 1;
const ENOSYS = 38;

/** New mounts, other roots, new namespaces: the ways to build a container's outside from within. */
const NAMESPACES_AND_MOUNTS = [
  ...['mount', 'umount', 'umount2', 'pivot_root', 'chroot', 'unshare', 'setns'],
  ...['fsopen', 'fsconfig', 'fsmount', 'fspick', 'move_mount', 'open_tree', 'mount_setattr'],
  ...['open_by_handle_at', 'name_to_handle_at'],
];
/** The kernel itself: its modules, programs, keys, log, time and power. */
const KERNEL = [
  ...['init_module', 'finit_module', 'delete_module', 'create_module', 'query_module', 'get_kernel_syms'],
  ...['kexec_load', 'kexec_file_load', 'reboot', 'swapon', 'swapoff', 'syslog', 'acct', 'nfsservctl'],
  ...['bpf', 'perf_event_open', 'lookup_dcookie', 'userfaultfd', 'fanotify_init', 'quotactl', 'quotactl_fd'],
  ...['add_key', 'request_key', 'keyctl'],
  ...['settimeofday', 'clock_settime', 'clock_adjtime', 'adjtimex', 'stime'],
  ...['sethostname', 'setdomainname', 'vhangup', 'iopl', 'ioperm', '_sysctl', 'uselib', 'ustat', 'sysfs'],
  ...['io_uring_setup', 'io_uring_enter', 'io_uring_register', 'vmsplice'],
];
/** Other processes' memory and descriptors, and memory placement. */
const OTHER_PROCESSES = [
  ...['ptrace', 'process_vm_readv', 'process_vm_writev', 'process_madvise', 'pidfd_getfd', 'kcmp'],
  ...['move_pages', 'migrate_pages', 'mbind', 'set_mempolicy', 'get_mempolicy'],
];

/** Flags of clone(2) that make namespaces (linux/sched.h). */
const CLONE_NEW = {
  NEWNS: 0x00020000,
  NEWCGROUP: 0x02000000,
  NEWUTS: 0x04000000,
  NEWIPC: 0x08000000,
  NEWUSER: 0x10000000,
  NEWPID: 0x20000000,
  NEWNET: 0x40000000,
} as const;

/** The profile for one architecture (`process.arch`). Pure. */
export function denyingProfile(arch: string): OciSeccomp {
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: seccompArchitectures(arch),
    syscalls: [
      deny([...NAMESPACES_AND_MOUNTS, ...KERNEL, ...OTHER_PROCESSES], EPERM),
      ...Object.values(CLONE_NEW).map(denyCloneWith),
      // The flags of clone3 lie in memory, out of a filter's sight: libraries fall back to clone.
      deny(['clone3'], ENOSYS),
    ],
  };
}

function deny(names: readonly string[], errnoRet: number): OciSyscallRule {
  return { names, action: 'SCMP_ACT_ERRNO', errnoRet };
}

function denyCloneWith(flag: number): OciSyscallRule {
  const match = { index: 0, value: flag, valueTwo: flag, op: 'SCMP_CMP_MASKED_EQ' };
  return { ...deny(['clone'], EPERM), args: [match] };
}
