import type { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import type { Service } from '#api/kinds/service.ts';
import { gatewayOf } from '#api/mesh/addresses.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import { PROBE_SOURCE, UPSTREAM_DNS_PORT } from '#api/mesh/ports.ts';
import type { HostPort } from './host-ports.ts';
import { linkPrefix, tableName } from './names.ts';
import { type VirtualPort, virtualPorts } from './service-backends.ts';

/**
 * DNS questions that one pod may ask over UDP: far above what apps need, far below what keeps the name server busy, so
 * that a flood of one pod costs the others nothing.
 */
const DNS_QUESTIONS_PER_SECOND = 2_000;

export type NetworkConfig = Pick<MeshConfig, 'id' | 'podCidr' | 'serviceCidr'> &
  Partial<Pick<MeshConfig, 'addons'>>;

/**
 * The host's one table of a mesh, rendered whole: nftables replaces it in one transaction, connections under way keep their
 * conntrack entries, and nothing has to be remembered of the table before.
 *
 * Service addresses lead to a random ready endpoint, for host processes and for pods without a sidecar. What still goes to
 * the service range after that has no endpoint and is refused. Pods may only send from their own address (the source must
 * route back to the link it came from) and reach nothing of the host but DNS, and the trace viewer's receivers where there is
 * one: not the API, nor xDS, nor whatever else listens there.
 *
 * Other machines reach a pod by a port of the host that it was given (`hostPort`), and in no other way. The host itself
 * reaches it by 127.0.0.1 too; such packets leave with the gateway's address.
 */
export function serviceRules(
  config: NetworkConfig,
  services: readonly Service[],
  slices: readonly EndpointSlice[],
  hostPorts: readonly HostPort[],
): string {
  const ports = virtualPorts(config.serviceCidr, services, slices).filter((port) => port.backends.length > 0);
  const table = tableName(config.id);
  return [
    `table inet ${table}`,
    `delete table inet ${table}`,
    `table inet ${table} {`,
    ...ports.map(backendChain),
    hostPortChain(hostPorts),
    serviceMap(ports),
    hairpinSet(ports),
    baseChains(config),
    '}',
    '',
  ].join('\n');
}

function baseChains(config: NetworkConfig): string {
  const pods = `"${linkPrefix(config.id)}*"`;
  const gateway = gatewayOf(config);
  return `  chain spoofing {
    type filter hook prerouting priority raw; policy accept;
    iifname != "lo" ip saddr ${PROBE_SOURCE} drop
    iifname != ${pods} accept
    meta nfproto ipv6 drop
    fib saddr . iif oif missing drop
    ip daddr 127.0.0.0/8 drop
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    iifname ${pods} ip daddr . meta l4proto . th dport vmap @services
    iifname != ${pods} fib daddr type local goto host-ports
  }
  chain output {
    type nat hook output priority -100; policy accept;
    ip daddr . meta l4proto . th dport vmap @services
    fib daddr type local goto host-ports
  }
  chain refusing-hosts {
    type filter hook output priority filter; policy accept;
    ip daddr ${config.serviceCidr} meta l4proto tcp reject with tcp reset
    ip daddr ${config.serviceCidr} reject
  }
  chain forwarding {
    type filter hook forward priority filter; policy accept;
    ip daddr ${config.serviceCidr} meta l4proto tcp reject with tcp reset
    ip daddr ${config.serviceCidr} reject
    iifname != ${pods} oifname ${pods} ct state new ct status dnat accept
    iifname != ${pods} oifname ${pods} ct state new drop
    iifname ${pods} oifname != ${pods} tcp flags syn / syn,rst tcp option maxseg size set rt mtu
  }
  chain shielding {
    type filter hook input priority filter; policy accept;
    iifname != ${pods} accept
    udp dport { 53, ${UPSTREAM_DNS_PORT} } meter questions { ip saddr limit rate over ${DNS_QUESTIONS_PER_SECOND}/second burst ${DNS_QUESTIONS_PER_SECOND} packets } drop
    ct state established,related accept
    ip daddr ${gateway} meta l4proto { tcp, udp } th dport 53 accept
    ip daddr ${gateway} meta l4proto { tcp, udp } th dport ${UPSTREAM_DNS_PORT} accept
${receiversOf(config)}    reject with icmpx admin-prohibited
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr . ip daddr @hairpin snat ip to ${gateway}
    ip saddr 127.0.0.0/8 oifname ${pods} snat ip to ${gateway}
    ip saddr ${config.podCidr} oifname != ${pods} masquerade
  }`;
}

/** Where sidecars send their spans; the viewer itself bounds what one pod may send. */
function receiversOf(config: NetworkConfig): string {
  const traces = config.addons?.traces;
  if (traces === undefined) return '';
  return `    ip daddr ${gatewayOf(config)} tcp dport { ${traces.grpcPort}, ${traces.httpPort} } accept\n`;
}

function hostPortChain(hostPorts: readonly HostPort[]): string {
  const rules = hostPorts.map(
    ({ protocol, port, podIp, containerPort }) =>
      `    ${protocol} dport ${port} dnat ip to ${podIp}:${containerPort}\n`,
  );
  return `  chain host-ports {\n${rules.join('')}  }`;
}

function chainName({ vip, protocol, port }: VirtualPort): string {
  return `to-${vip.replaceAll('.', '-')}-${protocol}-${port}`;
}

function backendChain(virtual: VirtualPort): string {
  const { backends, protocol } = virtual;
  const choices = backends.map(({ address, port }, i) => `${i} : ${address} . ${port}`);
  return `  chain ${chainName(virtual)} {
    meta l4proto ${protocol} dnat ip to numgen random mod ${backends.length} map { ${choices.join(', ')} }
  }`;
}

function serviceMap(ports: readonly VirtualPort[]): string {
  const elements = ports.map(
    (virtual) => `${virtual.vip} . ${virtual.protocol} . ${virtual.port} : goto ${chainName(virtual)}`,
  );
  return `  map services {
    type ipv4_addr . inet_proto . inet_service : verdict
${elementsLine(elements)}  }`;
}

/**
 * A pod that calls its own service comes back to itself: with its own source address its kernel would drop the packet, so
 * such a call gets the gateway's.
 */
function hairpinSet(ports: readonly VirtualPort[]): string {
  const addresses = new Set(ports.flatMap((port) => port.backends.map((backend) => backend.address)));
  return `  set hairpin {
    type ipv4_addr . ipv4_addr
${elementsLine([...addresses].map((address) => `${address} . ${address}`))}  }`;
}

function elementsLine(elements: readonly string[]): string {
  return elements.length === 0 ? '' : `    elements = { ${elements.join(', ')} }\n`;
}
