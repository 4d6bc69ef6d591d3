import type { TransportSocket } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import {
  type CertificateValidationContext,
  CertificateValidationContextSchema,
  SubjectAltNameMatcher_SanType as SanType,
  SubjectAltNameMatcherSchema,
  type TlsCertificate,
  TlsCertificateSchema,
  type TlsParameters,
  TlsParametersSchema,
  TlsParameters_TlsProtocol as TlsProtocol,
  CertificateValidationContext_TrustChainVerification as Verification,
} from '#api/xds/gen/envoy/extensions/transport_sockets/tls/v3/common_pb.js';
import {
  type CommonTlsContext,
  CommonTlsContextSchema,
} from '#api/xds/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import { acceptDataSource, type ReadFile } from './accept-data-source.ts';
import type { Place } from './refusals.ts';

/** What both sides of TLS can say: Envoy's CommonTlsContext, as far as it is supported. */
export interface TlsContext {
  readonly certificates: readonly { readonly chain: string; readonly key: string }[];
  /** Undefined: the peer's certificate is not looked at. */
  readonly validation: TlsValidation | undefined;
  readonly alpn: readonly string[];
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3';
  /** Names as OpenSSL has them; empty: its own choice. */
  readonly ciphers: readonly string[];
}

export interface TlsValidation {
  /** PEM; 'system': the authorities of this machine. */
  readonly authorities: string;
  /** DNS names and URIs of which the peer must have one; empty: no such demand. */
  readonly subjectAltNames: readonly string[];
}

export const SYSTEM_AUTHORITIES = 'system';

const CONTEXT_FIELDS = new Set(['tls_params', 'tls_certificates', 'validation_context', 'alpn_protocols']);
const VALIDATION_FIELDS = new Set([
  'trusted_ca',
  'system_root_certs',
  'match_typed_subject_alt_names',
  'trust_chain_verification',
]);
const CIPHER = /^[A-Z0-9-]{3,64}$/;

export function acceptTlsContext(context: CommonTlsContext, readFile: ReadFile, place: Place): TlsContext {
  place.allow(CommonTlsContextSchema, context, CONTEXT_FIELDS);
  for (const protocol of context.alpnProtocols) {
    if (protocol === 'h2') place.in('alpn_protocols').refuse('h2 is not supported');
    if (protocol === '') place.in('alpn_protocols').refuse('must not be empty');
  }
  const { validationContextType: validation } = context;
  return {
    certificates: context.tlsCertificates.map((certificate, i) =>
      acceptCertificate(certificate, readFile, place.in(`tls_certificates[${i}]`)),
    ),
    validation:
      validation.case === 'validationContext'
        ? acceptValidation(validation.value, readFile, place.in('validation_context'))
        : undefined,
    alpn: context.alpnProtocols,
    ...acceptParameters(context.tlsParams, place.in('tls_params')),
  };
}

/** What a transport socket is, for a reason to refuse it. */
export function describeSocket({ name, configType }: TransportSocket): string {
  return `${name} (${configType.case === 'typedConfig' ? configType.value.typeUrl : 'without configuration'})`;
}

function acceptCertificate(certificate: TlsCertificate, readFile: ReadFile, place: Place) {
  place.allow(TlsCertificateSchema, certificate, new Set(['certificate_chain', 'private_key']));
  return {
    chain: acceptDataSource(certificate.certificateChain, readFile, place.in('certificate_chain')),
    key: acceptDataSource(certificate.privateKey, readFile, place.in('private_key')),
  };
}

function acceptValidation(
  validation: CertificateValidationContext,
  readFile: ReadFile,
  place: Place,
): TlsValidation | undefined {
  place.allow(CertificateValidationContextSchema, validation, VALIDATION_FIELDS);
  if (validation.trustChainVerification === Verification.ACCEPT_UNTRUSTED) {
    const checks = validation.matchTypedSubjectAltNames.length > 0 || validation.trustedCa !== undefined;
    if (checks) place.in('trust_chain_verification').refuse('ACCEPT_UNTRUSTED leaves nothing to be checked');
    return undefined;
  }
  const subjectAltNames = validation.matchTypedSubjectAltNames.map((matcher, i) => {
    const here = place.in(`match_typed_subject_alt_names[${i}]`);
    here.allow(SubjectAltNameMatcherSchema, matcher, new Set(['san_type', 'matcher']));
    if (matcher.sanType !== SanType.DNS && matcher.sanType !== SanType.URI) {
      here.in('san_type').refuse(`${SanType[matcher.sanType]} is not supported, only DNS and URI`);
    }
    const pattern = matcher.matcher?.matchPattern;
    if (pattern?.case === 'exact' && pattern.value !== '' && matcher.matcher?.ignoreCase !== true) {
      return pattern.value;
    }
    here.in('matcher').refuse('only exact is supported');
    return '';
  });
  if (validation.trustedCa !== undefined) {
    const authorities = acceptDataSource(validation.trustedCa, readFile, place.in('trusted_ca'));
    return { authorities, subjectAltNames };
  }
  if (validation.systemRootCerts !== undefined) return { authorities: SYSTEM_AUTHORITIES, subjectAltNames };
  if (subjectAltNames.length > 0) place.refuse('names are worth nothing without an authority to trust');
  return undefined;
}

const VERSIONS = { [TlsProtocol.TLSv1_2]: 'TLSv1.2', [TlsProtocol.TLSv1_3]: 'TLSv1.3' } as const;

function acceptParameters(parameters: TlsParameters | undefined, place: Place) {
  if (parameters === undefined) return { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', ciphers: [] } as const;
  const supported = new Set([
    'tls_minimum_protocol_version',
    'tls_maximum_protocol_version',
    'cipher_suites',
  ]);
  place.allow(TlsParametersSchema, parameters, supported);
  for (const cipher of parameters.cipherSuites) {
    if (!CIPHER.test(cipher)) place.in('cipher_suites').refuse(`${cipher} is not supported`);
  }
  const { tlsMinimumProtocolVersion: min, tlsMaximumProtocolVersion: max } = parameters;
  return {
    minVersion: acceptVersion(min, 'TLSv1.2', place.in('tls_minimum_protocol_version')),
    maxVersion: acceptVersion(max, 'TLSv1.3', place.in('tls_maximum_protocol_version')),
    ciphers: parameters.cipherSuites,
  };
}

function acceptVersion(
  version: TlsProtocol,
  unsaid: TlsContext['minVersion'],
  place: Place,
): TlsContext['minVersion'] {
  if (version === TlsProtocol.TLS_AUTO) return unsaid;
  if (version === TlsProtocol.TLSv1_2 || version === TlsProtocol.TLSv1_3) return VERSIONS[version];
  place.refuse(`${TlsProtocol[version] ?? version} is not supported: it is broken`);
  return unsaid;
}
