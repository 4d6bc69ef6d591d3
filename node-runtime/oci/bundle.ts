import { join } from 'node:path';
import { WeftError } from '#api/foundation/errors.ts';
import type { ContainerPlan } from '../pod/containers.ts';
import { ociResources } from '../resources/oci-limits.ts';
import { WEFT_BIN } from '../rootfs/host-root.ts';
import { bundleMounts } from './bundle-mounts.ts';
import { checkCapabilities } from './capabilities.ts';
import type { OciMount, OciProcess, OciSeccomp, OciSpec } from './spec.ts';

/** What the host adds to a plan. */
export interface BundleInputs {
  /** Root directory on the host. */
  readonly root: string;
  /** Mounts of the root file system, before the plan's own. */
  readonly rootMounts: readonly OciMount[];
  readonly cgroupsPath: string;
  readonly namespaces: { readonly network: string; readonly ipc: string; readonly uts: string };
  /** Absent for `unconfined`. */
  readonly seccomp: OciSeccomp | undefined;
  /** The host's hard limit of open files: a container cannot be given more. */
  readonly maxOpenFiles: number;
  /** Whether the kernel counts swap, so that it can be limited. */
  readonly countsSwap: boolean;
}

/** Open files of a container: Linux' usual hard limit, less where the host has less. */
const OPEN_FILES = 1_048_576;

/** Kernel interfaces that tell about or reach the whole host: what container engines hide. */
const MASKED_PATHS = [
  ...['/proc/acpi', '/proc/asound', '/proc/interrupts', '/proc/kcore', '/proc/keys', '/proc/latency_stats'],
  ...['/proc/sched_debug', '/proc/scsi', '/proc/timer_list', '/proc/timer_stats', '/proc/kallsyms'],
  ...['/sys/firmware', '/sys/devices/virtual/powercap', '/sys/kernel/debug'],
];
const READ_ONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** The OCI configuration of a container. Pure. Throws a WeftError that names what cannot be granted. */
export function buildBundle(plan: ContainerPlan, inputs: BundleInputs): OciSpec {
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: plan.uid, gid: plan.gid, additionalGids: plan.additionalGids },
      args: checkedArgs(plan),
      env: environment(plan.env),
      cwd: checkedDirectory(plan.cwd),
      ...confinement(plan.capabilities, Math.min(OPEN_FILES, inputs.maxOpenFiles)),
    },
    root: { path: inputs.root, readonly: plan.readOnlyRoot },
    mounts: bundleMounts(inputs.rootMounts, plan.mounts),
    linux: {
      cgroupsPath: inputs.cgroupsPath,
      namespaces: [
        ...['mount', 'pid', 'cgroup'].map((type) => ({ type })),
        ...Object.entries(inputs.namespaces).map(([type, path]) => ({ type, path })),
      ],
      resources: ociResources(plan.limits, inputs.countsSwap),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READ_ONLY_PATHS,
      rootfsPropagation: 'rprivate',
      ...(inputs.seccomp === undefined ? {} : { seccomp: inputs.seccomp }),
    },
  };
}

/**
 * A further process in a container, as confined as its first (`exec`). Inherited descriptors above 2 are closed by the OCI
 * runtime unless it is told to preserve some, which it never is.
 */
export function execProcess(
  first: OciProcess,
  argv: readonly string[],
  options: { readonly uid: number; readonly gid: number; readonly env: Readonly<Record<string, string>> },
): OciProcess {
  const names = new Set(Object.keys(options.env));
  const inherited = first.env.filter((line) => !names.has(line.slice(0, line.indexOf('='))));
  return {
    ...first,
    user: { uid: options.uid, gid: options.gid, additionalGids: first.user.additionalGids ?? [] },
    args: argv,
    env: [...inherited, ...Object.entries(options.env).map(([name, value]) => `${name}=${value}`)],
  };
}

/** No capability is inheritable or ambient: a program gets them from being run as root, as in Kubernetes. */
function confinement(
  capabilities: readonly string[],
  files: number,
): Omit<OciProcess, 'terminal' | 'user' | 'args' | 'env' | 'cwd'> {
  checkCapabilities(capabilities);
  return {
    capabilities: {
      bounding: capabilities,
      effective: capabilities,
      permitted: capabilities,
      inheritable: [],
      ambient: [],
    },
    noNewPrivileges: true,
    oomScoreAdj: 0,
    rlimits: [
      { type: 'RLIMIT_NOFILE', soft: files, hard: files },
      { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
    ],
  };
}

/** weft's programs come first in the search path: `node` is the one that weft runs, not the host's. */
function environment(env: Readonly<Record<string, string>>): string[] {
  const path = env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const withWeft = path.split(':').includes(WEFT_BIN) ? path : `${WEFT_BIN}:${path}`;
  return Object.entries({ ...env, PATH: withWeft }).map(([name, value]) => `${name}=${value}`);
}

function checkedArgs({ argv, name }: ContainerPlan): readonly string[] {
  if (argv.length > 0 && argv.every((word) => !word.includes('\0'))) return argv;
  throw new WeftError('CreateFailed', `container ${name} has no command that can be run`, {
    remedy: 'set `command`',
  });
}

/** A working directory under /proc may lead out of the container (CVE-2024-21626). */
function checkedDirectory(cwd: string): string {
  const path = join('/', cwd);
  if (cwd.startsWith('/') && !/^\/(proc|sys)(\/|$)/.test(path)) return path;
  throw new WeftError('CreateFailed', `"${cwd}" cannot be a working directory`, {
    remedy: 'give an absolute path outside /proc and /sys as workingDir',
  });
}
