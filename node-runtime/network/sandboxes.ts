import { writeFile } from 'node:fs/promises';
import { messageOf, WeftError } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import { gatewayOf } from '#api/mesh/addresses.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import { must, run } from '../host/command.ts';
import { namesIn } from '../host/directories.ts';
import { mountsUnder, readMountTable } from '../host/mount-table.ts';
import { sweepContainersOf } from '../oci/sweep-containers.ts';
import type { Sandboxes, SandboxPlan } from '../pod/sandboxes.ts';
import { type CgroupLayout, monitorCgroup, podCgroup, readCgroupLayout } from '../resources/cgroup-layout.ts';
import { limitPod } from '../resources/pod-limits.ts';
import { sweepCgroup } from '../resources/sweep-cgroup.ts';
import { checkSandboxName, hostLinkName, linkPrefix, NETNS_DIRECTORY } from './names.ts';
import { redirectRules } from './redirect-rules.ts';
import { hostLinkCommands, podLinkCommands, SANDBOX_SCRIPT } from './sandbox-commands.ts';
import {
  makeSandboxDirectory,
  readSandboxRecord,
  removeSandboxDirectory,
  sandboxDirectories,
  sandboxPaths,
  writeSandboxRecord,
} from './sandbox-files.ts';

/**
 * Sandboxes are files: the namespaces are pinned by bind mounts, so no process has to live for them, and what exists is read
 * from the kernel and the run directory. One `unshare` makes the three namespaces and sets them up from inside.
 */
export async function createSandboxes(config: MeshConfig, options: { logger: Logger }): Promise<Sandboxes> {
  const layout = await readCgroupLayout();
  const logger = options.logger.with({ component: 'sandboxes' });
  return {
    setUp: (plan) => setUp(config, layout, plan),
    async tearDown(name, podUid) {
      await tearDownSandbox(config, layout, name, podUid);
      logger.debug('sandbox removed', { sandbox: name });
    },
    isWhole: (name, podUid) => isWhole(config, name, podUid),
    list: () => listSandboxes(config),
  };
}

/** Names of all sandboxes of the mesh, whole or not. */
export async function listSandboxes(config: MeshConfig): Promise<string[]> {
  const [directories, netns] = await Promise.all([sandboxDirectories(config), namesIn(NETNS_DIRECTORY)]);
  const prefix = linkPrefix(config.id);
  return [...new Set([...directories, ...netns])].filter((name) => name.startsWith(prefix)).sort();
}

/** Addresses of the sandboxes that exist, for the address allocator of a node runtime that starts. */
export async function sandboxAddresses(config: MeshConfig): Promise<string[]> {
  const names = await sandboxDirectories(config);
  const records = await Promise.all(names.map((name) => readSandboxRecord(config, name)));
  return records.flatMap((record) => (record === undefined ? [] : [record.ip]));
}

async function setUp(config: MeshConfig, layout: CgroupLayout, plan: SandboxPlan): Promise<void> {
  checkSandboxName(config.id, plan.name);
  if (await isWhole(config, plan.name, plan.podUid, plan.ip)) return;
  await removeNamespaces(config, plan.name);
  try {
    await make(config, layout, plan);
  } catch (cause) {
    await removeNamespaces(config, plan.name);
    throw new WeftError('SandboxFailed', `sandbox ${plan.name} cannot be made: ${messageOf(cause)}`, {
      remedy: 'run: weft doctor',
      cause,
    });
  }
}

async function isWhole(config: MeshConfig, name: string, podUid: string, ip?: string): Promise<boolean> {
  const record = await readSandboxRecord(config, name);
  if (record?.podUid !== podUid || (ip !== undefined && record.ip !== ip)) return false;
  const paths = sandboxPaths(config, name);
  const pinned = new Set((await readMountTable()).map((mount) => mount.mountPoint));
  return [paths.net, paths.ipc, paths.uts].every((path) => pinned.has(path));
}

async function make(config: MeshConfig, layout: CgroupLayout, plan: SandboxPlan): Promise<void> {
  const paths = sandboxPaths(config, plan.name);
  const gateway = gatewayOf(config);
  await makeSandboxDirectory(config, plan.name);
  await Promise.all([
    writeFile(paths.links, podLinkCommands(config.id, plan, gateway, process.pid)),
    plan.redirect && writeFile(paths.rules, redirectRules(plan.redirect, gateway)),
    plan.limits && limitPod(layout, podCgroup(config.id, plan.podUid), plan.limits),
  ]);
  const rules = plan.redirect === undefined ? '' : paths.rules;
  const pins = [`--net=${paths.net}`, `--ipc=${paths.ipc}`, `--uts=${paths.uts}`];
  const script = ['sh', '-c', SANDBOX_SCRIPT, 'sandbox', plan.hostname, paths.links, rules];
  await must('unshare', [...pins, ...script]);
  await must('ip', ['-batch', '-'], { input: hostLinkCommands(config.id, plan, gateway) });
  await writeSandboxRecord(config, { name: plan.name, podUid: plan.podUid, ip: plan.ip });
}

/** Ends and removes everything of a pod, by names alone. */
export async function tearDownSandbox(
  config: MeshConfig,
  layout: CgroupLayout,
  name: string,
  podUid: string,
): Promise<void> {
  checkSandboxName(config.id, name);
  await Promise.all([
    sweepCgroup(layout, podCgroup(config.id, podUid)),
    sweepCgroup(layout, monitorCgroup(config.id, podUid)),
  ]);
  await Promise.all([sweepContainersOf(config, podUid), removeNamespaces(config, name)]);
}

/** The link is deleted by name because a network namespace takes its links along only some time after its last user. */
export async function removeNamespaces(config: MeshConfig, name: string): Promise<void> {
  const { directory, netnsLink } = sandboxPaths(config, name);
  const table = await readMountTable();
  const mounts = [directory, netnsLink].flatMap((path) => mountsUnder(table, path));
  await Promise.all([
    run('ip', ['link', 'del', hostLinkName(config.id, name)]),
    mounts.length > 0 ? must('umount', ['--lazy', ...mounts]) : undefined,
  ]);
  await removeSandboxDirectory(config, name);
}
