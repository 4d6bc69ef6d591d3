/** What a VirtualService's schema cannot say: Istio's own validation, and what proxies would refuse. */
import { isIPv4 } from '../mesh/ipv4.ts';
import { exportToMistakes } from './host-checks.ts';
import type { Check, Mistake } from './kind.ts';
import { gatewayNameMistakes, isHost, isHostWithin } from './mesh-name-checks.ts';
import type { VirtualService } from './virtual-service.ts';
import {
  corsIsSound,
  directResponsesAreSound,
  faultsDoSomething,
  mirrorsAreSound,
  redirectsLeadSomewhere,
  retriesAreSound,
  rewritesAreSound,
} from './virtual-service-checks-actions.ts';
import { authorityIsSetOnce, headerEditsAreSafe } from './virtual-service-checks-headers.ts';
import {
  headersAreLowerCase,
  queryParametersHaveNames,
  readersAreNamed,
  regexesCompile,
} from './virtual-service-checks-matches.ts';
import { opaqueMatchesAreSound, sniHostsAreCovered } from './virtual-service-checks-opaque.ts';
import {
  delegatesAreOneLevel,
  destinationsAreNames,
  routesHaveOneEnd,
  weightsAddUp,
} from './virtual-service-checks-routes.ts';

const somethingToRoute: Check<VirtualService> = {
  name: 'there is at least one route',
  check: ({ spec }) =>
    [spec.http, spec.tls, spec.tcp].some((routes) => (routes ?? []).length > 0)
      ? []
      : [{ path: 'spec.http', message: 'at least one http, tls or tcp route is required' }],
};

const hostsAreNames: Check<VirtualService> = {
  name: 'hosts are DNS names, with * as their first label at most',
  check: ({ spec }) =>
    (spec.hosts ?? []).flatMap((host, i) =>
      isHost(host) || isIPv4(host)
        ? []
        : [{ path: `spec.hosts[${i}]`, message: 'must be a DNS name, or one that begins with *.' }],
    ),
};

const hostsAreDistinct: Check<VirtualService> = {
  name: 'no host is named twice, nor covered by another',
  check: ({ spec }) =>
    (spec.hosts ?? []).flatMap((host, i, hosts): Mistake[] => {
      const earlier = hosts
        .slice(0, i)
        .find((other) => isHostWithin(host, other) || isHostWithin(other, host));
      return earlier === undefined
        ? []
        : [{ path: `spec.hosts[${i}]`, message: `${earlier} covers the same` }];
    }),
};

const meshNamesItsHosts: Check<VirtualService> = {
  name: '* is no host for sidecars',
  check: ({ spec }) => {
    const forGateway = (spec.gateways ?? []).some((gateway) => gateway !== 'mesh');
    const everything = (spec.hosts ?? []).indexOf('*');
    return forGateway || everything < 0
      ? []
      : [{ path: `spec.hosts[${everything}]`, message: '* is for gateways only: name the hosts' }];
  },
};

const readersAreWellFormed: Check<VirtualService> = {
  name: 'gateways and exportTo are names',
  check: ({ spec }) => [
    ...gatewayNameMistakes(spec.gateways, 'spec'),
    ...exportToMistakes(spec.exportTo),
    ...(spec.exportTo?.includes('~')
      ? [{ path: 'spec.exportTo', message: '~ is for ServiceEntries only' }]
      : []),
  ],
};

export const virtualServiceChecks: readonly Check<VirtualService>[] = [
  somethingToRoute,
  hostsAreNames,
  hostsAreDistinct,
  meshNamesItsHosts,
  readersAreWellFormed,
  delegatesAreOneLevel,
  routesHaveOneEnd,
  destinationsAreNames,
  weightsAddUp,
  headersAreLowerCase,
  queryParametersHaveNames,
  regexesCompile,
  readersAreNamed,
  headerEditsAreSafe,
  authorityIsSetOnce,
  redirectsLeadSomewhere,
  directResponsesAreSound,
  rewritesAreSound,
  retriesAreSound,
  faultsDoSomething,
  mirrorsAreSound,
  corsIsSound,
  opaqueMatchesAreSound,
  sniHostsAreCovered,
];
