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
      return [...credentialMistakes(tls), ...versionMistakes(tls), ...cipherMistakes(tls)];
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

const VERSIONS = ['TLSV1_2', 'TLSV1_3'];

/** Of Envoy's cipher suites for TLS 1.2 those that OpenSSL still has. */
const CIPHERS = new Set([
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA',
  'AES256-SHA',
]);

/** A proxy that cannot run one server of a port refuses the whole port, and everybody's servers there with it. */
function cipherMistakes({ cipherSuites = [] }: ServerTlsSettings): Said[] {
  return cipherSuites.flatMap((cipher, i) =>
    CIPHERS.has(cipher) ? [] : [{ at: `tls.cipherSuites[${i}]`, message: 'is not supported' }],
  );
}

function versionMistakes({
  minProtocolVersion = 'TLS_AUTO',
  maxProtocolVersion = 'TLS_AUTO',
}: ServerTlsSettings): Said[] {
  const broken = Object.entries({ minProtocolVersion, maxProtocolVersion }).filter(([, version]) =>
    ['TLSV1_0', 'TLSV1_1'].includes(version),
  );
  if (broken.length > 0)
    return broken.map(([field, version]) => ({
      at: `tls.${field}`,
      message: `${version} is not supported: it is broken`,
    }));
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
