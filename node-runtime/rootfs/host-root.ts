import type { Mount } from '../pod/containers.ts';
import type { HostFacts } from './host-facts.ts';

/**
 * The root of a container without an image: a skeleton of its own with the host's programs bound over it, read-only. It is
 * built up from nothing, so that what is not named here is not there: home directories, passwords, /var, /opt, sockets.
 */

/** Where weft's own things are in such a container, wherever the checkout is on the host. */
export const WEFT_BIN = '/opt/weft/bin';
export const WEFT_NODE = `${WEFT_BIN}/node`;
export const WEFT_EXAMPLES = '/opt/weft/examples';

/** Host paths of weft's own things that containers see. */
export interface WeftFiles {
  readonly node: string;
  /** Absent where weft is installed without them. */
  readonly examples: string | undefined;
}

/** What is bound from the host, in the order of mounting. Pure. */
export function hostBinds(facts: HostFacts, weft: WeftFiles): Mount[] {
  return [
    ...facts.directories.map((path) => readOnlyBind(path, path)),
    ...Object.entries(facts.configuration).map(([path, source]) => readOnlyBind(path, source)),
    readOnlyBind(WEFT_NODE, weft.node),
    ...(weft.examples === undefined ? [] : [readOnlyBind(WEFT_EXAMPLES, weft.examples)]),
  ];
}

function readOnlyBind(destination: string, source: string): Mount {
  return { destination, source, type: 'bind', readOnly: true };
}

/** Whose name resolution and user names the skeleton answers. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** Address of the mesh's DNS. */
  readonly nameserver: string;
}

/** Files of the skeleton by path. The caller's mounts (hosts, resolv.conf, hostname) lie over them. Pure. */
export function skeletonFiles({ uid, gid, nameserver }: Identity): Record<string, string> {
  const users = ['root:x:0:0:root:/:/bin/sh', 'nobody:x:65534:65534:nobody:/:/usr/sbin/nologin'];
  const groups = ['root:x:0:', 'nogroup:x:65534:'];
  if (uid !== 0 && uid !== 65534) users.push(`app:x:${uid}:${gid}:app:/:/bin/sh`);
  if (gid !== 0 && gid !== 65534) groups.push(`app:x:${gid}:`);
  return {
    '/etc/passwd': `${users.join('\n')}\n`,
    '/etc/group': `${groups.join('\n')}\n`,
    '/etc/nsswitch.conf':
      'passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n',
    '/etc/hosts': '127.0.0.1 localhost\n',
    '/etc/resolv.conf': `nameserver ${nameserver}\n`,
  };
}

/** Directories that programs expect to find, empty. */
export const SKELETON_DIRECTORIES: readonly string[] = [
  ...['/etc', '/tmp', '/run', '/var', '/home', '/root', '/opt', '/srv', '/mnt', '/proc', '/sys', '/dev'],
];
