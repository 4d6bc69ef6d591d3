import { readFile } from 'node:fs/promises';

export interface MountEntry {
  readonly mountPoint: string;
  readonly type: string;
  /** Options of the file system itself: `rw,memory` names a cgroup v1 controller. */
  readonly superOptions: readonly string[];
}

/** Reads the format of proc_pid_mountinfo(5). */
export function parseMountInfo(text: string): MountEntry[] {
  return text.split('\n').flatMap((line) => {
    const [left, right] = line.split(' - ');
    const mountPoint = left?.split(' ')[4];
    const [type, , superOptions] = right?.split(' ') ?? [];
    if (mountPoint === undefined || type === undefined) return [];
    return [{ mountPoint: unescaped(mountPoint), type, superOptions: superOptions?.split(',') ?? [] }];
  });
}

/** Mount points at or under `directory`, the deepest first: the order in which they can be unmounted. */
export function mountsUnder(entries: readonly MountEntry[], directory: string): string[] {
  return entries
    .map((entry) => entry.mountPoint)
    .filter((path) => path === directory || path.startsWith(`${directory}/`))
    .reverse();
}

export async function readMountTable(): Promise<MountEntry[]> {
  return parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8'));
}

function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
