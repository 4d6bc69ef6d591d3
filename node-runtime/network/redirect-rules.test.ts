import { expect, test } from 'vitest';
import type { Redirect } from '../pod/sandboxes.ts';
import { redirectRules } from './redirect-rules.ts';

const NOTHING_EXCLUDED: Redirect = {
  sidecarUid: 1337,
  excludeOutboundCidrs: [],
  excludeOutboundPorts: [],
  excludeInboundPorts: [],
};

test('captures everything but the sidecar’s own traffic, DNS, loopback and probes', () => {
  expect(redirectRules(NOTHING_EXCLUDED, '10.244.0.1')).toBe(`table inet weft
delete table inet weft
table inet weft {
  chain output {
    type nat hook output priority -100; policy accept;
    meta skuid 1337 oifname "lo" ip saddr 127.0.0.6 return
    meta skuid 1337 oifname "lo" ip daddr != 127.0.0.0/8 tcp dport != { 15006, 15021, 15020, 15090 } redirect to :15006
    meta skuid 1337 return
    ip daddr 10.244.0.1 tcp dport 53 return
    ip daddr 127.0.0.0/8 return
    meta nfproto ipv4 meta l4proto tcp redirect to :15001
  }
  chain prerouting {
    type nat hook prerouting priority -100; policy accept;
    iifname "lo" return
    ip saddr 169.254.7.127 return
    tcp dport { 15021, 15020, 15090 } return
    meta nfproto ipv4 meta l4proto tcp redirect to :15006
  }
  chain guard {
    type filter hook prerouting priority -150; policy accept;
    iifname != "lo" meta nfproto ipv6 drop
    iifname != "lo" tcp dport { 15001, 15006 } drop
  }
  chain leaving {
    type filter hook output priority 0; policy accept;
    oifname != "lo" meta nfproto ipv6 drop
  }
}
`);
});

test('leaves out what is excluded, each once', () => {
  const rules = redirectRules(
    {
      ...NOTHING_EXCLUDED,
      excludeOutboundCidrs: ['192.0.2.0/24', '198.51.100.7', '192.0.2.0/24'],
      excludeOutboundPorts: [3306, 3306],
      excludeInboundPorts: [22],
    },
    '10.244.0.1',
  );
  expect(rules).toContain('ip daddr { 192.0.2.0/24, 198.51.100.7/32 } return\n');
  expect(rules).toContain('tcp dport { 3306 } return\n');
  expect(rules).toContain('tcp dport { 15021, 15020, 15090, 22 } return\n');
});

test.each<[string, Partial<Redirect>]>([
  ['a range that is none', { excludeOutboundCidrs: ['10.0.0.0/8 } accept'] }],
  ['an IPv6 range', { excludeOutboundCidrs: ['fd00::/8'] }],
  ['a port that is none', { excludeOutboundPorts: [0] }],
  ['a port that is no number', { excludeInboundPorts: [Number.NaN] }],
  ['a sidecar that is root', { sidecarUid: 0 }],
])('refuses %s', (_, wrong) => {
  expect(() => redirectRules({ ...NOTHING_EXCLUDED, ...wrong }, '10.244.0.1')).toThrow(/is not a/);
});
