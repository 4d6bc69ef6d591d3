import { lstat, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** What of the host's file system a container without an image may see. */
export interface HostFacts {
  /** Top-level directories of programs and libraries: real ones to bind, links (of a merged /usr) to repeat. */
  readonly directories: readonly string[];
  readonly symlinks: Readonly<Record<string, string>>;
  /** Public files and directories under /etc that exist: path in the container, path on the host. */
  readonly configuration: Readonly<Record<string, string>>;
}

const PROGRAMS = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/**
 * What programs commonly read below /etc, one by one: whole directories would show private keys (/etc/ssl/private,
 * /etc/pki/tls/private), and the rest of /etc passwords.
 */
const CONFIGURATION = [
  ...['/etc/ld.so.cache', '/etc/ld-musl-x86_64.path', '/etc/localtime', '/etc/services', '/etc/protocols'],
  ...[
    '/etc/ssl/certs',
    '/etc/ssl/cert.pem',
    '/etc/ssl/openssl.cnf',
    '/etc/ca-certificates',
    '/etc/alternatives',
  ],
  ...[
    '/etc/pki/ca-trust/extracted',
    '/etc/pki/tls/certs',
    '/etc/pki/tls/openssl.cnf',
    '/etc/crypto-policies',
  ],
];

/** Looks at the host, once. `root` is `/` but in tests. */
export async function readHostFacts(root = '/'): Promise<HostFacts> {
  const directories: string[] = [];
  const symlinks: Record<string, string> = {};
  for (const path of PROGRAMS) {
    const found = await lstat(join(root, path)).catch(() => undefined);
    if (found?.isSymbolicLink()) symlinks[path] = await readlink(join(root, path));
    else if (found?.isDirectory()) directories.push(path);
  }
  return { directories, symlinks, configuration: await readConfiguration(root) };
}

async function readConfiguration(root: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const path of CONFIGURATION) {
    const source = await realpath(join(root, path)).catch(() => undefined);
    if (source !== undefined) found[path] = source;
  }
  return found;
}
