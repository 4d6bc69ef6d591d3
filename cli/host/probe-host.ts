import { access, constants, readdir, readFile } from 'node:fs/promises';
import { freemem, release } from 'node:os';
import { join } from 'node:path';
import { holderOf } from '../mesh/host-use.ts';
import type { HostFacts } from './host-check.ts';
import { TOOLS } from './judge-host.ts';
import { TRIAL_LINKS, TRIAL_RULES } from './trial-rules.ts';
import { SEARCH_PATH, tryCommand } from './try-command.ts';

/** How each program is asked for its version; the first line of the answer counts. */
const VERSION_ARGUMENT: Readonly<Record<string, string>> = { ip: '-V' };
const ENGINE_SECCOMP = '/usr/share/containers/seccomp.json';

/** Looks at this host without changing it. `ports`: those that a mesh would listen on. */
export async function probeHost(ports: readonly number[]): Promise<HostFacts> {
  const [programs, namespaces, cgroups, trials, fileSystems, forwardDropped, libraries, engineSeccomp] =
    await Promise.all([
      probePrograms(),
      readdir('/proc/self/ns').catch(() => []),
      probeCgroups(),
      probeTrials(),
      readText('/proc/filesystems'),
      probeForwarding(),
      tryCommand('ldconfig', ['-p']),
      exists(ENGINE_SECCOMP),
    ]);
  const held = ports.flatMap((port) => {
    const holder = holderOf(port);
    return holder === undefined ? [] : [[port, holder] as const];
  });
  return {
    uid: process.getuid?.() ?? -1,
    nodeVersion: process.version,
    kernelRelease: release(),
    namespaces,
    cgroups,
    trials,
    fileSystems: fileSystems.split('\n').map((line) => line.split('\t')[1] ?? ''),
    programs,
    hasLibatomic: libraries.stdout.includes('libatomic.so.1'),
    hasEngineSeccomp: engineSeccomp,
    memAvailableBytes: parseAvailable(await readText('/proc/meminfo')) ?? freemem(),
    forwardDropped,
    heldPorts: Object.fromEntries(held),
  };
}

/** Names of host programs that a mesh needs or can use, which are not there. */
export async function findMissingPrograms(names: readonly string[]): Promise<string[]> {
  const found = await Promise.all(names.map(findProgram));
  return names.filter((_, i) => found[i] === undefined);
}

async function probePrograms(): Promise<Record<string, string>> {
  const entries = await Promise.all(
    ['runc', 'crun', ...TOOLS].map(async (name): Promise<[string, string][]> => {
      const path = await findProgram(name);
      if (path === undefined) return [];
      const said = await tryCommand(path, [VERSION_ARGUMENT[name] ?? '--version']);
      return [[name, versionOf(name, said.stdout)]];
    }),
  );
  return Object.fromEntries(entries.flat());
}

/** The first line without what stands in brackets; of runc the second too, where distributions name their own fixes. */
function versionOf(name: string, said: string): string {
  const lines = said.trim().split('\n', name === 'runc' ? 2 : 1);
  return lines.join(', ').replace(/ \(.*/, '') || 'installed';
}

async function findProgram(name: string): Promise<string | undefined> {
  for (const directory of SEARCH_PATH.split(':')) {
    const path = join(directory, name);
    if (await exists(path, constants.X_OK)) return path;
  }
  return undefined;
}

export async function probeCgroups(): Promise<HostFacts['cgroups']> {
  const [mounts, v2] = await Promise.all([
    readText('/proc/self/mountinfo'),
    readText('/sys/fs/cgroup/cgroup.controllers'),
  ]);
  return parseCgroups(mounts, v2);
}

/** Pure. Version 1 names its controllers in the mounts, version 2 in a file. What is mounted read-only (containers) has none. */
export function parseCgroups(mountinfo: string, v2Controllers: string): HostFacts['cgroups'] {
  const mounts = mountinfo.split('\n').map((line) => {
    const [mount = '', source = ''] = line.split(' - ');
    const [type, , options = ''] = source.split(' ');
    return { type, options, writable: mount.split(' ')[5]?.split(',').includes('ro') !== true };
  });
  const v1 = mounts.filter(({ type }) => type === 'cgroup');
  const v2 = mounts.filter(({ type }) => type === 'cgroup2');
  if (v1.length > 0) {
    const controllers = v1.flatMap(({ options, writable }) => (writable ? options.trim().split(',') : []));
    return { mode: v2.length > 0 ? 'hybrid' : 'v1', controllers };
  }
  const controllers = v2.some(({ writable }) => writable) ? v2Controllers.trim().split(' ') : [];
  return { mode: v2.length > 0 ? 'v2' : 'none', controllers };
}

async function probeTrials(): Promise<HostFacts['trials']> {
  const inside = (args: readonly string[], input: string) =>
    tryCommand('unshare', ['--net', '--', ...args], { input });
  const [links, rules] = await Promise.all([
    inside(['ip', '-batch', '-'], TRIAL_LINKS),
    inside(['nft', '-f', '-'], TRIAL_RULES),
  ]);
  const words = ({ code, stderr }: { code: number; stderr: string }): string =>
    code === 0 ? '' : (stderr.trim().split('\n')[0] ?? '').slice(0, 200) || `exit code ${code}`;
  return { links: words(links), rules: words(rules) };
}

/** Docker's rules are in iptables' form; its nft front end and the older one are asked alike. */
async function probeForwarding(): Promise<boolean> {
  const [nft, legacy] = await Promise.all([
    tryCommand('nft', ['list', 'chains', 'ip']),
    tryCommand('iptables-legacy', ['-S', 'FORWARD']),
  ]);
  return dropsForwarded(nft.stdout) || legacy.stdout.startsWith('-P FORWARD DROP');
}

/** Pure: whether a base chain on the forward hook has the policy drop. */
export function dropsForwarded(chains: string): boolean {
  return /hook forward[^\n]*policy drop/.test(chains);
}

/** Pure: bytes that can be used without swapping, from /proc/meminfo. */
export function parseAvailable(meminfo: string): number | undefined {
  const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(meminfo)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

function exists(path: string, mode = constants.R_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
