import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MeshConfig } from '#api/mesh/config.ts';
import { sandboxPaths } from '../network/sandbox-files.ts';
import type { ContainerPlan } from '../pod/containers.ts';
import { type CgroupLayout, podCgroup } from '../resources/cgroup-layout.ts';
import { type HostFacts, readHostFacts } from '../rootfs/host-facts.ts';
import { hostBinds, type WeftFiles } from '../rootfs/host-root.ts';
import type { BundleInputs } from './bundle.ts';
import { toOciMount } from './bundle-mounts.ts';
import { seccompFilter } from './seccomp.ts';
import { EngineProfile } from './seccomp-profile.ts';
import type { OciSeccomp } from './spec.ts';

/** What of this host goes into every bundle; read once, when the node runtime starts. */
export interface ContainerHost {
  readonly facts: HostFacts;
  readonly weft: WeftFiles;
  readonly maxOpenFiles: number;
  readonly countsSwap: boolean;
  /** Where the system call filter comes from. */
  readonly seccompSource: 'containers-common' | 'weft';
  readonly seccompFor: (capabilities: readonly string[]) => OciSeccomp;
}

const ENGINE_PROFILE = '/usr/share/containers/seccomp.json';

export async function readContainerHost(layout: CgroupLayout): Promise<ContainerHost> {
  const [facts, profile, maxOpenFiles] = await Promise.all([
    readHostFacts(),
    readEngineProfile(),
    readMaxOpenFiles(),
  ]);
  const examples = join(import.meta.dirname, '..', '..', 'examples');
  return {
    facts,
    weft: { node: process.execPath, examples: existsSync(examples) ? examples : undefined },
    maxOpenFiles,
    countsSwap: countsSwap(layout),
    seccompSource: profile === undefined ? 'weft' : 'containers-common',
    seccompFor: (capabilities) => seccompFilter(profile, process.arch, capabilities),
  };
}

/** A container's place in its pod and on this host. */
export function bundleInputs(
  config: Pick<MeshConfig, 'id' | 'runDir'>,
  host: ContainerHost,
  plan: ContainerPlan,
  root: string,
): BundleInputs {
  const { net, ipc, uts } = sandboxPaths(config, plan.sandbox);
  return {
    root,
    rootMounts: hostBinds(host.facts, host.weft).map(toOciMount),
    cgroupsPath: join(podCgroup(config.id, plan.podUid), plan.id.replace(`${config.id}-${plan.podUid}-`, '')),
    namespaces: { network: net, ipc, uts },
    seccomp: plan.seccomp === 'default' ? host.seccompFor(plan.capabilities) : undefined,
    maxOpenFiles: host.maxOpenFiles,
    countsSwap: host.countsSwap,
  };
}

/** The profile of the host's container tools; undefined when there is none that can be read. */
async function readEngineProfile(): Promise<EngineProfile | undefined> {
  try {
    return EngineProfile.parse(JSON.parse(await readFile(ENGINE_PROFILE, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Version 1 has the file only when swap is counted (a boot option on older kernels); version 2 is written with care by the OCI runtimes. */
function countsSwap(layout: CgroupLayout): boolean {
  const memory = layout.rootOf('memory');
  return (
    layout.mode === 'v2' || (memory !== undefined && existsSync(join(memory, 'memory.memsw.usage_in_bytes')))
  );
}

async function readMaxOpenFiles(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8');
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1];
  return hard === undefined ? Number.MAX_SAFE_INTEGER : Number(hard);
}
