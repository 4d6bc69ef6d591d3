import { join } from 'node:path';
import { WeftError } from '#api/foundation/errors.ts';
import type { Mount } from '../pod/containers.ts';
import type { OciMount } from './spec.ts';

/** What every container has: the kernel's interfaces, and memory for temporary files that counts against its limit. */
const SMALL_TMPFS = 'size=65536k';
const BASE: readonly OciMount[] = [
  mount('/proc', 'proc', 'proc', ['nosuid', 'noexec', 'nodev']),
  mount('/dev', 'tmpfs', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', SMALL_TMPFS]),
  mount('/dev/pts', 'devpts', 'devpts', [
    'nosuid',
    'noexec',
    'newinstance',
    'ptmxmode=0666',
    'mode=0620',
    'gid=5',
  ]),
  mount('/dev/shm', 'tmpfs', 'shm', ['nosuid', 'noexec', 'nodev', 'mode=1777', SMALL_TMPFS]),
  mount('/dev/mqueue', 'mqueue', 'mqueue', ['nosuid', 'noexec', 'nodev']),
  mount('/sys', 'sysfs', 'sysfs', ['nosuid', 'noexec', 'nodev', 'ro']),
  mount('/sys/fs/cgroup', 'cgroup', 'cgroup', ['nosuid', 'noexec', 'nodev', 'relatime', 'ro']),
  mount('/tmp', 'tmpfs', 'tmpfs', ['nosuid', 'nodev', 'mode=1777', SMALL_TMPFS]),
];

/** Only these of what the kernel shows may be mounted over: shared memory, and the file for a container's last words. */
const REPLACEABLE = new Set(['/dev/shm', '/dev/termination-log']);

/**
 * All mounts of a container: the base, the root's, then the plan's, parents before children. A later one for the same
 * place replaces the earlier. Pure. Throws a WeftError `CreateFailed` for a place that cannot be mounted on.
 */
export function bundleMounts(root: readonly OciMount[], own: readonly Mount[]): OciMount[] {
  const wanted = own.map((each) =>
    toOciMount({ ...each, destination: checkedDestination(each.destination) }),
  );
  const places = new Map([...BASE, ...root].map((each) => [each.destination, each]));
  for (const each of wanted) places.delete(each.destination);
  const last = new Map(wanted.map((each) => [each.destination, each]));
  return [...places.values(), ...[...last.values()].sort((a, b) => depth(a) - depth(b))];
}

/** A bind of the caller's, or of the host's programs. Nothing on it can raise privileges or be a device. */
export function toOciMount({ destination, source, type, readOnly, sizeBytes }: Mount): OciMount {
  const access = readOnly ? ['ro'] : ['rw'];
  if (type === 'bind')
    return mount(destination, 'bind', source, ['rbind', 'rprivate', 'nosuid', 'nodev', ...access]);
  const size = sizeBytes === undefined ? [SMALL_TMPFS] : [`size=${sizeBytes}`];
  return mount(destination, 'tmpfs', 'tmpfs', ['nosuid', 'nodev', 'mode=1777', ...size, ...access]);
}

function checkedDestination(destination: string): string {
  const path = join('/', destination).replace(/\/$/, '');
  const forbidden = path === '' || (/^\/(proc|sys|dev)(\/|$)/.test(path) && !REPLACEABLE.has(path));
  if (destination.startsWith('/') && !forbidden) return path;
  throw new WeftError('CreateFailed', `"${destination}" cannot be mounted on`, {
    remedy: 'give an absolute path outside /proc, /sys and /dev as mountPath',
  });
}

function depth({ destination }: OciMount): number {
  return destination.split('/').length;
}

function mount(destination: string, type: string, source: string, options: readonly string[]): OciMount {
  return { destination, type, source, options };
}
