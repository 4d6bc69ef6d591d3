/**
 * TLS that the sidecar begins (Istio's TLS origination). Whoever is asked to verify is never left unverified: without
 * a named authority the system's are trusted, without named identities the server's must be the name that is asked for.
 */
import type { ClientTlsSettings } from '#api/kinds/traffic-policy.ts';
import type { ClusterSchema } from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import {
  type CertificateValidationContextSchema,
  SubjectAltNameMatcher_SanType,
  type TlsCertificateSchema,
  CertificateValidationContext_TrustChainVerification as Verification,
} from '#api/xds/gen/envoy/extensions/transport_sockets/tls/v3/common_pb.js';
import { UpstreamTlsContextSchema } from '#api/xds/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import { fileSource, inlineSource } from '../data-source.ts';
import { type Init, pack } from '../message.ts';
import type { Credentials } from '../model/credentials.ts';
import { isWildcard } from '../model/host-match.ts';
import type { MeshService } from '../model/mesh-service.ts';
import type { TlsMaterial } from '../model/tls-material.ts';

type ClusterInit = Init<typeof ClusterSchema>;
type Validation = Init<typeof CertificateValidationContextSchema>;
type Certificate = Init<typeof TlsCertificateSchema>;

/** Undefined: what the settings need is not there, and the cluster must not be used. */
export function clientTls(
  settings: ClientTlsSettings | undefined,
  service: Pick<MeshService, 'host' | 'subjectAltNames'>,
  credentials: Credentials,
): ClusterInit | undefined {
  if (settings === undefined || settings.mode === 'DISABLE') return {};
  if (settings.mode === 'ISTIO_MUTUAL') return undefined;
  const { credentialName } = settings;
  const material = credentialName === undefined ? undefined : credentials(credentialName);
  if (credentialName !== undefined && material === undefined) return undefined;
  const sni = settings.sni || (isWildcard(service.host) ? '' : service.host);
  const certificate = certificateOf(settings, material);
  if (settings.mode === 'MUTUAL' && certificate === undefined) return undefined;
  const context = pack(UpstreamTlsContextSchema, {
    sni,
    commonTlsContext: {
      alpnProtocols: ['http/1.1'],
      ...(certificate === undefined ? {} : { tlsCertificates: [certificate] }),
      validationContextType: {
        case: 'validationContext',
        value: validation(settings, material, names(settings, service, sni)),
      },
    },
  });
  return {
    transportSocket: {
      name: 'envoy.transport_sockets.tls',
      configType: { case: 'typedConfig', value: context },
    },
  };
}

function names(
  { subjectAltNames = [] }: ClientTlsSettings,
  service: Pick<MeshService, 'subjectAltNames'>,
  sni: string,
): readonly string[] {
  if (subjectAltNames.length > 0) return subjectAltNames;
  if (service.subjectAltNames.length > 0) return service.subjectAltNames;
  return sni === '' ? [] : [sni];
}

function validation(
  settings: ClientTlsSettings,
  material: TlsMaterial | undefined,
  allowed: readonly string[],
): Validation {
  if (settings.insecureSkipVerify === true) return { trustChainVerification: Verification.ACCEPT_UNTRUSTED };
  const matchTypedSubjectAltNames = allowed.flatMap((exact) =>
    [SubjectAltNameMatcher_SanType.DNS, SubjectAltNameMatcher_SanType.URI]
      .filter((sanType) => (sanType === SubjectAltNameMatcher_SanType.URI) === exact.includes('://'))
      .map((sanType) => ({ sanType, matcher: { matchPattern: { case: 'exact' as const, value: exact } } })),
  );
  return { ...authorities(settings, material), matchTypedSubjectAltNames };
}

function authorities({ caCertificates }: ClientTlsSettings, material: TlsMaterial | undefined): Validation {
  if (material?.ca !== undefined) return { trustedCa: inlineSource(material.ca) };
  return caCertificates === undefined ? { systemRootCerts: {} } : { trustedCa: fileSource(caCertificates) };
}

/** Only MUTUAL shows one. */
function certificateOf(
  { mode, clientCertificate, privateKey }: ClientTlsSettings,
  material: TlsMaterial | undefined,
): Certificate | undefined {
  if (mode !== 'MUTUAL') return undefined;
  if (material?.certificate !== undefined && material.key !== undefined)
    return { certificateChain: inlineSource(material.certificate), privateKey: inlineSource(material.key) };
  if (clientCertificate === undefined || privateKey === undefined) return undefined;
  return { certificateChain: fileSource(clientCertificate), privateKey: fileSource(privateKey) };
}
