/**
 * TLS that ends at a gateway. Certificate and key come from a Secret of the gateway's own namespace and travel inside
 * the listener, to that gateway's proxies and nobody else.
 */
import type { ServerTlsSettings } from '#api/kinds/gateway.ts';
import type { DataSourceSchema, TransportSocketSchema } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import { TlsParameters_TlsProtocol as Protocol } from '#api/xds/gen/envoy/extensions/transport_sockets/tls/v3/common_pb.js';
import {
  type CommonTlsContextSchema,
  DownstreamTlsContextSchema,
} from '#api/xds/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import { type Init, pack } from '../message.ts';
import type { TlsMaterial } from '../model/tls-material.ts';

type TransportSocket = Init<typeof TransportSocketSchema>;
type DataSource = Init<typeof DataSourceSchema>;
type Common = Init<typeof CommonTlsContextSchema>;

const VERSIONS = {
  TLS_AUTO: Protocol.TLS_AUTO,
  TLSV1_0: Protocol.TLSv1_0,
  TLSV1_1: Protocol.TLSv1_1,
  TLSV1_2: Protocol.TLSv1_2,
  TLSV1_3: Protocol.TLSv1_3,
} as const;

/** Istio's `-cacert` Secret beside one for the certificate. */
export function caSecretName(credentialName: string): string {
  return `${credentialName}-cacert`;
}

/** Undefined while the Secret is not there, or holds no certificate: the server is not served then. */
export function downstreamTls(
  tls: ServerTlsSettings,
  secret: (name: string) => TlsMaterial | undefined,
): TransportSocket | undefined {
  const mutual = tls.mode === 'MUTUAL';
  const material = tls.credentialName === undefined ? fromFiles(tls) : fromSecret(tls.credentialName, secret);
  if (material.certificate === undefined || material.key === undefined) return undefined;
  if (mutual && material.ca === undefined) return undefined;
  const commonTlsContext: Common = {
    tlsParams: {
      tlsMinimumProtocolVersion: VERSIONS[tls.minProtocolVersion ?? 'TLSV1_2'],
      ...(tls.maxProtocolVersion === undefined
        ? {}
        : { tlsMaximumProtocolVersion: VERSIONS[tls.maxProtocolVersion] }),
      cipherSuites: tls.cipherSuites ?? [],
    },
    tlsCertificates: [{ certificateChain: material.certificate, privateKey: material.key }],
    alpnProtocols: ['http/1.1'],
    ...(mutual
      ? {
          validationContextType: {
            case: 'validationContext' as const,
            value: { trustedCa: material.ca! },
          },
        }
      : {}),
  };
  return {
    name: 'envoy.transport_sockets.tls',
    configType: {
      case: 'typedConfig',
      value: pack(DownstreamTlsContextSchema, {
        commonTlsContext,
        ...(mutual ? { requireClientCertificate: true } : {}),
      }),
    },
  };
}

interface Sources {
  readonly certificate: DataSource | undefined;
  readonly key: DataSource | undefined;
  readonly ca: DataSource | undefined;
}

function fromSecret(name: string, secret: (name: string) => TlsMaterial | undefined): Sources {
  const own = secret(name);
  const ca = own?.ca ?? secret(caSecretName(name))?.ca;
  return { certificate: inline(own?.certificate), key: inline(own?.key), ca: inline(ca) };
}

function fromFiles(tls: ServerTlsSettings): Sources {
  return {
    certificate: file(tls.serverCertificate),
    key: file(tls.privateKey),
    ca: file(tls.caCertificates),
  };
}

/** Secrets hold base64 of PEM. */
function inline(base64: string | undefined): DataSource | undefined {
  return base64 === undefined ? undefined : { specifier: { case: 'inlineString', value: decode(base64) } };
}

function file(path: string | undefined): DataSource | undefined {
  return path === undefined ? undefined : { specifier: { case: 'filename', value: path } };
}

function decode(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
}
