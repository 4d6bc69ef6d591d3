import { WeftError } from '#api/foundation/errors.ts';
import { parseCidr } from '#api/mesh/addresses.ts';
import { INBOUND_SOURCE, PROBE_SOURCE, SIDECAR_PORTS } from '#api/mesh/ports.ts';
import type { Redirect } from '../pod/sandboxes.ts';

/**
 * The rules inside a pod's network namespace: Istio's capture, said in nftables. They are loaded as one ruleset before the
 * first process of the pod exists, so that no packet of the app goes past the sidecar.
 *
 * Outgoing: what the sidecar sends to its own app carries the marker source 127.0.0.6 and is left alone; what it sends to
 * its own pod's address is the pod calling itself, and goes through the inbound policy; everything else that it sends leaves.
 * DNS goes to the node; loopback stays; all other TCP goes to the outbound port. Incoming: the node's probes, marked by
 * their source, reach the app; the sidecar's public ports are left alone; all other TCP goes to the inbound port.
 * Nobody outside may speak to the redirect ports themselves: the sidecar would take such a connection for a captured one.
 * IPv6 is not captured, so it does not leave or enter the pod at all.
 */
export function redirectRules(redirect: Redirect, gateway: string): string {
  const { outbound, inbound, metrics, readiness, ownMetrics } = SIDECAR_PORTS;
  const left = [readiness, metrics, ownMetrics];
  const uid = checkedUid(redirect.sidecarUid);
  return `table inet weft
delete table inet weft
table inet weft {
  chain output {
    type nat hook output priority -100; policy accept;
    meta skuid ${uid} oifname "lo" ip saddr ${INBOUND_SOURCE} return
    meta skuid ${uid} oifname "lo" ip daddr != 127.0.0.0/8 tcp dport != { ${[inbound, ...left].join(', ')} } redirect to :${inbound}
    meta skuid ${uid} return
    ip daddr ${gateway} tcp dport 53 return
    ip daddr 127.0.0.0/8 return
${whenAny('ip daddr', redirect.excludeOutboundCidrs.map(checkedCidr))}${whenAny('tcp dport', redirect.excludeOutboundPorts.map(checkedPort))}    meta nfproto ipv4 meta l4proto tcp redirect to :${outbound}
  }
  chain prerouting {
    type nat hook prerouting priority -100; policy accept;
    iifname "lo" return
    ip saddr ${PROBE_SOURCE} return
${whenAny('tcp dport', [...left, ...redirect.excludeInboundPorts.map(checkedPort)])}    meta nfproto ipv4 meta l4proto tcp redirect to :${inbound}
  }
  chain guard {
    type filter hook prerouting priority -150; policy accept;
    iifname != "lo" meta nfproto ipv6 drop
    iifname != "lo" tcp dport { ${outbound}, ${inbound} } drop
  }
  chain leaving {
    type filter hook output priority 0; policy accept;
    oifname != "lo" meta nfproto ipv6 drop
  }
}
`;
}

function whenAny(match: string, values: readonly (string | number)[]): string {
  const unique = [...new Set(values)];
  return unique.length === 0 ? '' : `    ${match} { ${unique.join(', ')} } return\n`;
}

/** Everything that reaches the text is checked here: it comes from annotations. */
function checkedCidr(cidr: string): string {
  const [address, bits = '32'] = cidr.split('/');
  parseCidr(`${address}/${bits}`);
  return `${address}/${Number(bits)}`;
}

function checkedPort(port: number): number {
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw new WeftError('RedirectInvalid', `${port} is not a port`);
}

function checkedUid(uid: number): number {
  if (Number.isInteger(uid) && uid > 0) return uid;
  throw new WeftError('RedirectInvalid', `${uid} is not a user id that a sidecar may have`);
}
