import { hostnameOf } from './container-plan.ts';
import type { PodRecord } from './pod-record.ts';

/** Kubernetes' resolv.conf for dnsPolicy ClusterFirst: short names of the own namespace first, five dots for "complete". */
export function resolvConf(namespace: string, clusterDomain: string, nameserver: string): string {
  const search = [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain].join(' ');
  return `search ${search}\nnameserver ${nameserver}\noptions ndots:5\n`;
}

/** dnsPolicy Default: the node's own search domains and options, asked through the node, which hands questions on. */
export function hostResolvConf(ofHost: string, nameserver: string): string {
  const kept = ofHost.split('\n').filter((line) => /^\s*(search|domain|options)\s/.test(line));
  return [`nameserver ${nameserver}`, ...kept, ''].join('\n');
}

export function hostsFile(record: PodRecord, clusterDomain: string): string {
  const { subdomain } = record.pod.spec;
  const hostname = hostnameOf(record);
  const full =
    subdomain === undefined
      ? []
      : [`${hostname}.${subdomain}.${record.pod.metadata.namespace}.svc.${clusterDomain}`];
  return [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    `${record.ip}\t${[...full, hostname].join('\t')}`,
    '',
  ].join('\n');
}
