/**
 * System calls that reach past a container into the kernel or the host. They are refused whichever profile the host has:
 * the one of containers-common lets containers nest (mount, unshare, user namespaces), which no pod needs and which most
 * kernel exploits do.
 */

/** New mounts, other roots, new namespaces: the ways to build a container's outside from within. */
const NAMESPACES_AND_MOUNTS = [
  ...['mount', 'umount', 'umount2', 'pivot_root', 'unshare', 'setns', 'open_by_handle_at'],
  ...['fsopen', 'fsconfig', 'fsmount', 'fspick', 'move_mount', 'open_tree', 'mount_setattr'],
];
/** The kernel itself: its modules, programs, keys, log, time and power. */
const KERNEL = [
  ...['init_module', 'finit_module', 'delete_module', 'create_module', 'query_module', 'get_kernel_syms'],
  ...['kexec_load', 'kexec_file_load', 'reboot', 'swapon', 'swapoff', 'syslog', 'acct', 'nfsservctl'],
  ...['bpf', 'perf_event_open', 'lookup_dcookie', 'userfaultfd', 'fanotify_init', 'quotactl', 'quotactl_fd'],
  ...['add_key', 'request_key', 'keyctl', 'io_uring_setup', 'io_uring_enter', 'io_uring_register'],
  ...['settimeofday', 'clock_settime', 'clock_adjtime', 'adjtimex', 'stime', 'sethostname', 'setdomainname'],
  ...['vhangup', 'iopl', 'ioperm', '_sysctl', 'uselib', 'ustat', 'sysfs'],
];
/** What a capability that was asked for opens again. */
const BY_CAPABILITY: Readonly<Record<string, readonly string[]>> = {
  CAP_SYS_CHROOT: ['chroot'],
  CAP_SYS_NICE: ['move_pages', 'migrate_pages', 'mbind', 'set_mempolicy', 'get_mempolicy'],
  CAP_SYS_PTRACE: [
    ...['ptrace', 'process_vm_readv', 'process_vm_writev', 'process_madvise', 'pidfd_getfd', 'kcmp'],
  ],
};

/** Names of the calls that a container with these capabilities may not make. Pure. */
export function deniedSyscalls(capabilities: readonly string[]): string[] {
  const guarded = Object.entries(BY_CAPABILITY).flatMap(([capability, names]) =>
    capabilities.includes(capability) ? [] : names,
  );
  return [...NAMESPACES_AND_MOUNTS, ...KERNEL, ...guarded];
}

/** Flags of clone(2) that make namespaces (linux/sched.h): mount, cgroup, uts, ipc, user, pid, network. */
export const NAMESPACE_FLAGS: readonly number[] = [
  0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
];
