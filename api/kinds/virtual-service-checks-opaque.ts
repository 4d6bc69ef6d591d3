import { isIPv4 } from '../mesh/ipv4.ts';
import { addressOrPrefixMistakes } from './host-checks.ts';
import type { Check, Mistake } from './kind.ts';
import { gatewayNameMistakes, isHost, isHostWithin, isLabel } from './mesh-name-checks.ts';
import type { L4Match, VirtualService } from './virtual-service.ts';

export const opaqueMatchesAreSound: Check<VirtualService> = {
  name: 'tcp and tls matches name networks, gateways and namespaces',
  check: ({ spec }) =>
    (['tls', 'tcp'] as const).flatMap((protocol) =>
      (spec[protocol] ?? []).flatMap(({ match = [] }, i) =>
        match.flatMap((each: L4Match, j) => l4Mistakes(each, `spec.${protocol}[${i}].match[${j}]`)),
      ),
    ),
};

function l4Mistakes(match: L4Match, path: string): Mistake[] {
  const { destinationSubnets = [], sourceNamespace = '', gateways } = match;
  return [
    ...destinationSubnets.flatMap((subnet, i) =>
      addressOrPrefixMistakes(subnet, `${path}.destinationSubnets[${i}]`),
    ),
    ...gatewayNameMistakes(gateways, path),
    ...(sourceNamespace === '' || isLabel(sourceNamespace)
      ? []
      : [{ path: `${path}.sourceNamespace`, message: 'must be the name of a namespace' }]),
  ];
}

export const sniHostsAreCovered: Check<VirtualService> = {
  name: "names of TLS matches lie within the rule's hosts",
  check: ({ spec }) =>
    (spec.tls ?? []).flatMap(({ match }, i) =>
      match.flatMap(({ sniHosts }, j) =>
        sniHosts.flatMap((name, k): Mistake[] => {
          const path = `spec.tls[${i}].match[${j}].sniHosts[${k}]`;
          if (isIPv4(name)) return [];
          if (!isHost(name)) return [{ path, message: 'must be a DNS name, or one that begins with *.' }];
          return (spec.hosts ?? []).some((host) => isHostWithin(name, host))
            ? []
            : [{ path, message: 'is not within any of spec.hosts' }];
        }),
      ),
    ),
};
