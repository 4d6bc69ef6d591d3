import { join } from 'node:path';
import { type MountEntry, readMountTable } from '../host/mount-table.ts';

/** `hybrid` hosts have version 1 controllers beside a cgroup2 tree that has none. */
export type CgroupMode = 'v1' | 'hybrid' | 'v2';

export interface CgroupLayout {
  readonly mode: CgroupMode;
  /** Every hierarchy's mount point; one in v2. */
  readonly roots: readonly string[];
  /** Mount point of the hierarchy that has the controller, version 1 or 2. */
  rootOf(controller: string): string | undefined;
}

/** Pure: what `/proc/self/mountinfo` says of cgroups. */
export function cgroupLayout(mounts: readonly MountEntry[]): CgroupLayout {
  const ours = mounts.filter((mount) => mount.mountPoint.startsWith('/sys/fs/cgroup'));
  const v1 = ours.filter((mount) => mount.type === 'cgroup');
  const v2 = ours.find((mount) => mount.type === 'cgroup2');
  const roots = [...v1.map((mount) => mount.mountPoint), ...(v2 === undefined ? [] : [v2.mountPoint])];
  if (v1.length === 0) return { mode: 'v2', roots, rootOf: () => v2?.mountPoint };
  return {
    mode: v2 === undefined ? 'v1' : 'hybrid',
    roots,
    rootOf: (controller) => v1.find((mount) => mount.superOptions.includes(controller))?.mountPoint,
  };
}

export async function readCgroupLayout(): Promise<CgroupLayout> {
  return cgroupLayout(await readMountTable());
}

/** The cgroup that holds everything of a mesh. */
export function meshCgroup(meshId: string): string {
  return `/weft-${meshId}`;
}

/** Parent of a pod's containers. */
export function podCgroup(meshId: string, podUid: string): string {
  return join(meshCgroup(meshId), `pod${podUid}`);
}

/**
 * Where the monitors (conmon) of a pod's containers live: outside the cgroup of whoever started the node runtime, so that
 * killing that one leaves them, and outside the pod's, so that they do not count against its limits.
 */
export function monitorCgroup(meshId: string, podUid: string): string {
  return join(meshCgroup(meshId), 'monitors', `pod${podUid}`);
}

/**
 * Where a process can simply be put: in every hierarchy but cpuset's of version 1, which takes none before it was told
 * which processors and memory to use. Nothing that kills by cgroup goes by that one.
 */
export function plainDirectoriesOf(layout: CgroupLayout, cgroup: string): string[] {
  const cpuset = layout.mode === 'v2' ? undefined : layout.rootOf('cpuset');
  return layout.roots.filter((root) => root !== cpuset).map((root) => join(root, cgroup));
}

/** The same cgroup in every hierarchy. */
export function directoriesOf(layout: CgroupLayout, cgroup: string): string[] {
  return layout.roots.map((root) => join(root, cgroup));
}
