/**
 * Every kind of rule and link that a mesh uses, tried in a network namespace of its own that ends with the trial: the
 * kernel loads what it needs, and what it lacks it says.
 */
export const TRIAL_RULES = `table inet weft_trial {
  set pairs { type ipv4_addr . ipv4_addr; elements = { 192.0.2.1 . 192.0.2.1 }
  }
  map services { type ipv4_addr . inet_proto . inet_service : verdict
  }
  chain to { meta l4proto tcp dnat ip to numgen random mod 1 map { 0 : 192.0.2.1 . 80 }
  }
  chain output { type nat hook output priority -100; policy accept;
    meta skuid 1337 return
    ip daddr . meta l4proto . th dport vmap @services
    meta l4proto tcp redirect to :15001
  }
  chain prerouting { type nat hook prerouting priority -100; policy accept;
    meta l4proto tcp redirect to :15006
  }
  chain spoofing { type filter hook prerouting priority raw; policy accept;
    fib saddr . iif oif missing drop
  }
  chain forwarding { type filter hook forward priority filter; policy accept;
    ip daddr 192.0.2.0/24 meta l4proto tcp reject with tcp reset
    ct state established accept
    tcp flags syn / syn,rst tcp option maxseg size set rt mtu
  }
  chain shielding { type filter hook input priority filter; policy accept;
    reject with icmpx admin-prohibited
  }
  chain postrouting { type nat hook postrouting priority srcnat; policy accept;
    ip saddr . ip daddr @pairs snat ip to 192.0.2.1
    masquerade
  }
}
`;

/** Commands of `ip`. */
export const TRIAL_LINKS = `link add trial-br type bridge
link set trial-br up
addr add 192.0.2.1/32 dev trial-br
link add trial-a type veth peer name trial-b
`;
