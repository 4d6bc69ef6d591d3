import type { SandboxPlan } from '../pod/sandboxes.ts';
import { hostLinkName, hostMac, podMac } from './names.ts';

/**
 * Pure builders of what is run to make a sandbox. Both ends know each other's hardware address beforehand, so that no
 * ARP is spoken on a pod's link and nothing a pod says can change where packets for others go.
 */

/**
 * Runs as the first and only process of the new namespaces: names the host, lets unprivileged processes bind low ports (as
 * container engines do), turns IPv6 off where the kernel has it, links the pod and loads the redirect at the same time.
 * Arguments: hostname, file of `ip` commands, file of nft rules or nothing.
 */
export const SANDBOX_SCRIPT = `set -eu
printf %s "$1" > /proc/sys/kernel/hostname
echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start
[ ! -e /proc/sys/net/ipv6/conf/default ] || echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6
rules=
[ -z "$3" ] || { nft -f "$3" & rules=$!; }
ip -batch "$2"
[ -z "$rules" ] || wait "$rules"
`;

/** `ip` commands inside the pod: the veth pair, whose other end goes to the namespace of process `hostPid`. */
export function podLinkCommands(meshId: string, plan: SandboxPlan, gateway: string, hostPid: number): string {
  const host = hostLinkName(meshId, plan.name);
  return [
    'link set lo up',
    `link add eth0 address ${podMac(plan.ip)} type veth peer name ${host} address ${hostMac(plan.ip)} netns ${hostPid}`,
    `addr add ${plan.ip}/32 dev eth0`,
    'link set eth0 up',
    `neigh replace ${gateway} lladdr ${hostMac(plan.ip)} dev eth0 nud permanent`,
    `route add ${gateway} dev eth0 scope link`,
    `route add default via ${gateway} dev eth0`,
    '',
  ].join('\n');
}

/** `ip` commands on the host for its end of the pair. */
export function hostLinkCommands(meshId: string, plan: SandboxPlan, gateway: string): string {
  const host = hostLinkName(meshId, plan.name);
  return [
    `link set ${host} addrgenmode none`,
    `link set ${host} up`,
    `neigh replace ${plan.ip} lladdr ${podMac(plan.ip)} dev ${host} nud permanent`,
    `route replace ${plan.ip}/32 dev ${host} src ${gateway}`,
    '',
  ].join('\n');
}
