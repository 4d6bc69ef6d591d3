import { WeftError } from '#api/foundation/errors.ts';

/** capabilities(7), without the ones that reach past a container: those let a process leave it or its sidecar. */
const GRANTABLE = new Set([
  ...['CAP_AUDIT_WRITE', 'CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_DAC_READ_SEARCH', 'CAP_FOWNER', 'CAP_FSETID'],
  ...[
    'CAP_IPC_LOCK',
    'CAP_IPC_OWNER',
    'CAP_KILL',
    'CAP_LEASE',
    'CAP_LINUX_IMMUTABLE',
    'CAP_NET_BIND_SERVICE',
  ],
  ...['CAP_NET_BROADCAST', 'CAP_NET_RAW', 'CAP_SETFCAP', 'CAP_SETGID', 'CAP_SETPCAP', 'CAP_SETUID'],
  ...[
    'CAP_SYS_CHROOT',
    'CAP_SYS_NICE',
    'CAP_SYS_PTRACE',
    'CAP_SYS_RESOURCE',
    'CAP_SYS_TTY_CONFIG',
    'CAP_NET_ADMIN',
  ],
]);

/** Throws a WeftError `CapabilityRefused` that names those which weft does not grant. */
export function checkCapabilities(capabilities: readonly string[]): void {
  const refused = capabilities.filter((capability) => !GRANTABLE.has(capability));
  if (refused.length === 0) return;
  throw new WeftError('CapabilityRefused', `${refused.join(', ')} cannot be given to a container`, {
    remedy: 'remove it from securityContext.capabilities.add',
  });
}
