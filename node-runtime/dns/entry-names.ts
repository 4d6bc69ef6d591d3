/**
 * Names of ServiceEntries. Pods whose traffic is captured look them up and get the addresses that the mesh knows them
 * by; nobody else could connect to those, so everybody else gets what the world says.
 */
import type { Pod } from '#api/kinds/pod.ts';
import type { ServiceEntry } from '#api/kinds/service-entry.ts';
import { isIPv4 } from '#api/mesh/ipv4.ts';
import { STATUS_ANNOTATION } from '../injection/sidecar-status.ts';
import { isGateway } from '../injection/template.ts';

export interface EntryNames {
  /** In lower case; `*.example.com` is every name below. */
  readonly host: string;
  readonly addresses: readonly string[];
  /** Namespaces whose pods get them; `*` is every one. */
  readonly namespaces: readonly string[];
}

/** A pod whose connections its sidecar takes. */
export interface Captured {
  readonly address: string;
  readonly namespace: string;
}

export function entryNames(entries: readonly ServiceEntry[]): EntryNames[] {
  return entries.flatMap((entry) => {
    const home = entry.metadata.namespace ?? 'default';
    const { exportTo = [], hosts } = entry.spec;
    const namespaces = exportTo.length === 0 ? ['*'] : exportTo.map((word) => (word === '.' ? home : word));
    return [...new Set(hosts.map((host) => host.toLowerCase()))]
      .map((host) => ({ host, addresses: addressesOf(entry, host), namespaces }))
      .filter(({ addresses }) => addresses.length > 0);
  });
}

export function capturedPods(pods: readonly Pod[]): Captured[] {
  return pods.flatMap((pod) => {
    const address = pod.status?.podIP ?? '';
    const inMesh = pod.metadata.annotations?.[STATUS_ANNOTATION] !== undefined && !isGateway(pod);
    return inMesh && address !== '' ? [{ address, namespace: pod.metadata.namespace ?? 'default' }] : [];
  });
}

/** The entry's own addresses, prefixes left out; else those that it was given. */
function addressesOf({ spec, status }: ServiceEntry, host: string): string[] {
  const own = spec.addresses ?? [];
  if (own.length > 0) return own.map((address) => address.replace(/\/32$/, '')).filter(isIPv4);
  return (status?.addresses ?? []).filter((given) => given.host === host).map(({ value }) => value);
}
