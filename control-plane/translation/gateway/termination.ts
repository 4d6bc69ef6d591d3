/**
 * TLS that ends at a gateway. Certificate and key come from a Secret of the gateway's own namespace and travel inside
 * the listener, to that gateway's proxies and nobody else.
 */
import type { ServerTlsSettings } from '#api/kinds/gateway.ts';
import type { TransportSocketSchema } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import { TlsParameters_TlsProtocol as Protocol } from '#api/xds/gen/envoy/extensions/transport_sockets/tls/v3/common_pb.js';
import {
  type CommonTlsContextSchema,
  DownstreamTlsContextSchema,
} from '#api/xds/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import { type DataSource, fileSource, inlineSource } from '../data-source.ts';
import { type Init, pack } from '../message.ts';
import type { Credentials } from '../model/credentials.ts';
import type { TlsMaterial } from '../model/tls-material.ts';

type TransportSocket = Init<typeof TransportSocketSchema>;
type Common = Init<typeof CommonTlsContextSchema>;

const VERSIONS = {
  TLS_AUTO: Protocol.TLS_AUTO,
  TLSV1_0: Protocol.TLSv1_0,
  TLSV1_1: Protocol.TLSv1_1,
  TLSV1_2: Protocol.TLSv1_2,
  TLSV1_3: Protocol.TLSv1_3,
} as const;

/** Undefined while the Secret is not there, or holds no certificate: the server is not served then. */
export function downstreamTls(tls: ServerTlsSettings, credentials: Credentials): TransportSocket | undefined {
  const mutual = tls.mode === 'MUTUAL';
  const material =
    tls.credentialName === undefined ? fromFiles(tls) : fromSecret(credentials(tls.credentialName));
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

function fromSecret(material: TlsMaterial | undefined): Sources {
  return {
    certificate: source(material?.certificate, inlineSource),
    key: source(material?.key, inlineSource),
    ca: source(material?.ca, inlineSource),
  };
}

function fromFiles(tls: ServerTlsSettings): Sources {
  return {
    certificate: source(tls.serverCertificate, fileSource),
    key: source(tls.privateKey, fileSource),
    ca: source(tls.caCertificates, fileSource),
  };
}

function source(text: string | undefined, make: (text: string) => DataSource): DataSource | undefined {
  return text === undefined ? undefined : make(text);
}
