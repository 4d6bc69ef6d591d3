import type { Limits } from '../pod/containers.ts';

/** The part of the runtime specification's `linux.resources` that weft sets. */
export interface OciResources {
  readonly devices: readonly { readonly allow: boolean; readonly access: string }[];
  readonly memory?: { readonly limit: number; readonly swap?: number };
  readonly cpu?: { readonly quota?: number; readonly period?: number; readonly shares?: number };
  readonly pids: { readonly limit: number };
}

/** Linux's default period of the CPU bandwidth controller, microseconds. */
export const CPU_PERIOD_US = 100_000;
/** The kernel refuses quotas below 1 ms. */
const MIN_QUOTA_US = 1_000;
/** The kernel's least weight, and what Kubernetes gives a container that requests nothing. */
const MIN_SHARES = 2;
const MAX_SHARES = 262_144;

/** Kubernetes' mapping: quota from the limit, shares from the request (or else the limit). */
export function cpuOf(limits: Pick<Limits, 'cpus' | 'cpuRequest'>): NonNullable<OciResources['cpu']> {
  const request = limits.cpuRequest ?? limits.cpus ?? 0;
  const shares = Math.min(MAX_SHARES, Math.max(MIN_SHARES, Math.floor(request * 1024)));
  if (limits.cpus === undefined) return { shares };
  return {
    shares,
    period: CPU_PERIOD_US,
    quota: Math.max(MIN_QUOTA_US, Math.round(limits.cpus * CPU_PERIOD_US)),
  };
}

/**
 * Limits as the OCI runtime writes them, for cgroup v1 and v2 alike. Memory and memory with swap are the same number: a
 * container over its limit is killed and does not slow the machine down by swapping; `countsSwap` says whether the kernel
 * can tell. All devices are denied; the OCI
 * runtime adds null, zero, full, random, urandom, tty and the pseudo-terminals.
 */
export function ociResources(limits: Limits, countsSwap: boolean): OciResources {
  return {
    devices: [{ allow: false, access: 'rwm' }],
    ...(limits.memoryBytes === undefined
      ? {}
      : {
          memory: {
            limit: limits.memoryBytes,
            ...(countsSwap ? { swap: limits.memoryBytes } : {}),
          },
        }),
    cpu: cpuOf(limits),
    pids: { limit: limits.pids },
  };
}
