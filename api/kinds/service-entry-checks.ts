import { isIPv4 } from '../mesh/ipv4.ts';
import {
  addressOrPrefixMistakes,
  duplicateMistakes,
  exportToMistakes,
  hostMistakes,
  peerAddressMistakes,
} from './host-checks.ts';
import type { Check, Mistake } from './kind.ts';
import type { ServiceEntry } from './service-entry.ts';
import { workloadMistakes } from './workload-entry-checks.ts';

const PROTOCOLS = ['HTTP', 'HTTPS', 'GRPC', 'GRPC-WEB', 'HTTP2', 'MONGO', 'TCP', 'TLS', 'REDIS', 'MYSQL'];

type Spec = ServiceEntry['spec'];

const hostsAreNames: Check<ServiceEntry> = {
  name: 'hosts are DNS names, each once',
  check: ({ spec }) => [
    ...spec.hosts.flatMap((host, i) => hostMistakes(host, `spec.hosts[${i}]`)),
    ...duplicateMistakes(spec.hosts, (i) => `spec.hosts[${i}]`),
  ],
};

const addressesAreAddresses: Check<ServiceEntry> = {
  name: 'addresses are IPv4 addresses or prefixes, each once',
  check: ({ spec: { addresses = [] } }) => [
    ...addresses.flatMap((address, i) => addressOrPrefixMistakes(address, `spec.addresses[${i}]`)),
    ...addresses.flatMap((address, i) =>
      peerAddressMistakes(address.replace(/\/32$/, ''), `spec.addresses[${i}]`),
    ),
    ...duplicateMistakes(addresses, (i) => `spec.addresses[${i}]`),
  ],
};

const portsAreApart: Check<ServiceEntry> = {
  name: 'there are ports, and their names and numbers are unique',
  check: ({ spec: { ports = [] } }) => [
    ...(ports.length === 0 ? [{ path: 'spec.ports', message: 'at least one port is required' }] : []),
    ...duplicateMistakes(
      ports.map(({ name }) => name),
      (i) => `spec.ports[${i}].name`,
    ),
    ...duplicateMistakes(
      ports.map(({ number }) => number),
      (i) => `spec.ports[${i}].number`,
    ),
    ...ports.flatMap(({ protocol }, i) =>
      protocol === undefined || PROTOCOLS.includes(protocol.toUpperCase())
        ? []
        : [{ path: `spec.ports[${i}].protocol`, message: `must be one of ${PROTOCOLS.join(', ')}` }],
    ),
  ],
};

const endpointsFitTheResolution: Check<ServiceEntry> = {
  name: 'endpoints and resolution fit each other',
  check: ({ spec }) => [
    ...selectionMistakes(spec),
    ...(spec.endpoints ?? []).flatMap((endpoint, i) => workloadMistakes(endpoint, `spec.endpoints[${i}]`)),
    ...(spec.endpoints ?? []).flatMap((endpoint, i) => portNameMistakes(spec, endpoint.ports, i)),
    ...resolutionMistakes(spec),
  ],
};

function selectionMistakes({ endpoints = [], workloadSelector }: Spec): Mistake[] {
  if (workloadSelector === undefined) return [];
  const path = 'spec.workloadSelector';
  if (endpoints.length > 0) return [{ path, message: 'endpoints and workloadSelector exclude each other' }];
  const empty = Object.keys(workloadSelector.labels ?? {}).length === 0;
  return empty ? [{ path: `${path}.labels`, message: 'must not be empty' }] : [];
}

function portNameMistakes(
  { ports = [] }: Spec,
  named: Readonly<Record<string, number>> | undefined,
  endpoint: number,
): Mistake[] {
  return Object.keys(named ?? {})
    .filter((name) => !ports.some((port) => port.name === name))
    .map((name) => ({
      path: `spec.endpoints[${endpoint}].ports[${name}]`,
      message: 'is no name of a port in spec.ports',
    }));
}

function resolutionMistakes(spec: Spec): Mistake[] {
  switch (spec.resolution) {
    case 'NONE':
      return noneMistakes(spec);
    case 'STATIC':
      return staticMistakes(spec);
    case 'DNS':
    case 'DNS_ROUND_ROBIN':
      return dnsMistakes(spec);
  }
}

function noneMistakes({ endpoints = [], workloadSelector, ports = [] }: Spec): Mistake[] {
  const message = 'with resolution NONE connections go where they were going';
  return [
    ...(endpoints.length > 0 ? [{ path: 'spec.endpoints', message }] : []),
    ...(workloadSelector === undefined ? [] : [{ path: 'spec.workloadSelector', message }]),
    ...ports.flatMap(({ targetPort, number }, i) =>
      targetPort === undefined || targetPort === number
        ? []
        : [{ path: `spec.ports[${i}].targetPort`, message }],
    ),
  ];
}

function staticMistakes({ endpoints = [], workloadSelector }: Spec): Mistake[] {
  const bare = endpoints.length === 0 && workloadSelector === undefined;
  return [
    ...(bare
      ? [{ path: 'spec.endpoints', message: 'resolution STATIC needs endpoints or a workloadSelector' }]
      : []),
    ...endpoints.flatMap(({ address }, i) =>
      address === undefined || isIPv4(address)
        ? []
        : [
            {
              path: `spec.endpoints[${i}].address`,
              message: 'must be an IPv4 address with resolution STATIC',
            },
          ],
    ),
  ];
}

/** Istio: a name with a wildcard cannot be looked up, so endpoints must say whom to ask for. */
function dnsMistakes({ hosts, endpoints = [], workloadSelector, resolution }: Spec): Mistake[] {
  const asked = endpoints.length > 0 || workloadSelector !== undefined;
  return [
    ...(asked ? [] : wildcardMistakes(hosts, resolution)),
    ...(resolution === 'DNS_ROUND_ROBIN' && endpoints.length > 1
      ? [{ path: 'spec.endpoints', message: 'resolution DNS_ROUND_ROBIN takes one endpoint' }]
      : []),
  ];
}

function wildcardMistakes(hosts: readonly string[], resolution: string): Mistake[] {
  const message = `a wildcard needs resolution NONE, or endpoints: it cannot be resolved by ${resolution}`;
  return hosts.flatMap((host, i) => (host.startsWith('*') ? [{ path: `spec.hosts[${i}]`, message }] : []));
}

const exportsAreKnown: Check<ServiceEntry> = {
  name: 'exportTo names namespaces',
  check: ({ spec }) => exportToMistakes(spec.exportTo),
};

export const serviceEntryChecks: readonly Check<ServiceEntry>[] = [
  hostsAreNames,
  addressesAreAddresses,
  portsAreApart,
  endpointsFitTheResolution,
  exportsAreKnown,
];
