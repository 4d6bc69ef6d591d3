/** What a Gateway's schema cannot say: Istio's own validation, and what is not supported yet. */

import { isIPv4 } from '../mesh/ipv4.ts';
import type { Gateway, GatewayServer, ServerTlsSettings } from './gateway.ts';
import type { Check, Mistake } from './kind.ts';
import { isHost, isLabel } from './mesh-name-checks.ts';

type Said = { at: string; message: string };

function onServers(name: string, check: (server: GatewayServer) => Said[]): Check<Gateway> {
  return {
    name,
    check: ({ spec }) =>
      spec.servers.flatMap((server, i) =>
        check(server).map(({ at, message }): Mistake => ({ path: `spec.servers[${i}].${at}`, message })),
      ),
  };
}

const nameIsLabel: Check<Gateway> = {
  name: 'the name is a DNS label: routes are named after it',
  check: ({ metadata: { name } }) =>
    name === undefined || isLabel(name) ? [] : [{ path: 'metadata.name', message: 'must be a DNS label' }],
};

const portNamesAreUnique: Check<Gateway> = {
  name: 'port names are unique',
  check: ({ spec }) =>
    spec.servers.flatMap(({ port }, i, servers) =>
      servers.slice(0, i).some((other) => other.port.name === port.name)
        ? [{ path: `spec.servers[${i}].port.name`, message: `duplicate name "${port.name}"` }]
        : [],
    ),
};

const hostsAreNames = onServers('hosts are HOST or NAMESPACE/HOST', ({ hosts }) =>
  hosts.flatMap((text, i) => {
    const [first = '', second, ...rest] = text.split('/');
    const fine =
      rest.length === 0 &&
      (second === undefined
        ? isHost(first)
        : isHost(second) && (['*', '.'].includes(first) || isLabel(first)));
    return fine
      ? []
      : [{ at: `hosts[${i}]`, message: 'must be a DNS name, perhaps below *., or NAMESPACE/ and one' }];
  }),
);

const bindIsAddress = onServers('bind is an address', ({ bind = '' }) =>
  bind === '' || isIPv4(bind) ? [] : [{ at: 'bind', message: 'must be an IPv4 address' }],
);

const tlsFitsProtocol = onServers('HTTPS and TLS have TLS settings, and others have none', (server) => {
  const { port, tls } = server;
  const encrypted = port.protocol === 'HTTPS' || port.protocol === 'TLS';
  if (encrypted) {
    if (tls === undefined) return [{ at: 'tls', message: `is required for ${port.protocol}` }];
    return tls.httpsRedirect === true
      ? [{ at: 'tls.httpsRedirect', message: 'is for plain HTTP: this server speaks TLS' }]
      : [];
  }
  const { httpsRedirect, ...rest } = tls ?? {};
  const plainHttp = ['HTTP', 'HTTP2', 'GRPC'].includes(port.protocol);
  return [
    ...Object.keys(rest).map((field) => ({ at: `tls.${field}`, message: `${port.protocol} has no TLS` })),
    ...(httpsRedirect === true && !plainHttp
      ? [{ at: 'tls.httpsRedirect', message: `${port.protocol} cannot redirect` }]
      : []),
  ];
});

const tlsIsComplete = onServers('TLS settings are those that their mode needs', ({ port, tls }) =>
  tls === undefined || !['HTTPS', 'TLS'].includes(port.protocol) ? [] : modeMistakes(tls),
);

function modeMistakes(tls: ServerTlsSettings): Said[] {
  switch (tls.mode) {
    case undefined:
    case 'PASSTHROUGH':
      return (
        ['credentialName', 'serverCertificate', 'privateKey', 'caCertificates', 'subjectAltNames'] as const
      )
        .filter((field) => tls[field] !== undefined)
        .map((field) => ({ at: `tls.${field}`, message: 'is of no use: PASSTHROUGH does not end TLS' }));
    case 'SIMPLE':
    case 'MUTUAL':
      return [...credentialMistakes(tls), ...versionMistakes(tls)];
    default:
      return [{ at: 'tls.mode', message: `${tls.mode} is not supported` }];
  }
}

function credentialMistakes(tls: ServerTlsSettings): Said[] {
  const { mode, credentialName, serverCertificate, privateKey, caCertificates, subjectAltNames } = tls;
  const required = { serverCertificate, privateKey, ...(mode === 'MUTUAL' ? { caCertificates } : {}) };
  const unsupported =
    (subjectAltNames ?? []).length > 0 ? [{ at: 'tls.subjectAltNames', message: 'is not supported' }] : [];
  if (credentialName !== undefined) {
    const twice = (['serverCertificate', 'privateKey'] as const).filter((field) => tls[field] !== undefined);
    return [
      ...unsupported,
      ...twice.map((field) => ({ at: `tls.${field}`, message: 'cannot stand beside credentialName' })),
    ];
  }
  return [
    ...unsupported,
    ...Object.entries(required)
      .filter(([, value]) => value === undefined)
      .map(([field]) => ({ at: `tls.${field}`, message: `is required for ${mode} without credentialName` })),
  ];
}

const VERSIONS = ['TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3'];

function versionMistakes({
  minProtocolVersion = 'TLS_AUTO',
  maxProtocolVersion = 'TLS_AUTO',
}: ServerTlsSettings) {
  const [least, most] = [VERSIONS.indexOf(minProtocolVersion), VERSIONS.indexOf(maxProtocolVersion)];
  return most >= 0 && least > most
    ? [{ at: 'tls.maxProtocolVersion', message: 'is below minProtocolVersion' }]
    : [];
}

export const gatewayChecks: readonly Check<Gateway>[] = [
  nameIsLabel,
  portNamesAreUnique,
  hostsAreNames,
  bindIsAddress,
  tlsFitsProtocol,
  tlsIsComplete,
];
