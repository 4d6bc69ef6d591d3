/** TLS towards an endpoint: whom to greet, what to show, and what its certificate must say. */
import { X509Certificate } from 'node:crypto';
import { type ConnectionOptions, createSecureContext, type SecureContext } from 'node:tls';
import type { UpstreamTls } from '#sidecar/upstream/cluster.ts';
import { isFor } from './subject-alt-names.ts';

/** Made once per configuration: reading certificates costs more than a handshake's arithmetic. */
const contexts = new WeakMap<UpstreamTls, SecureContext>();

/** Throws when the certificate, its key or the authorities cannot be used; the message holds none of them. */
export function contextOf(tls: UpstreamTls): SecureContext {
  const known = contexts.get(tls);
  if (known !== undefined) return known;
  const context = createSecureContext({
    minVersion: 'TLSv1.2',
    ...(tls.ca === undefined || tls.ca === '' ? {} : { ca: tls.ca }),
    ...(tls.certificate === undefined ? {} : { cert: tls.certificate.chain, key: tls.certificate.key }),
  });
  contexts.set(tls, context);
  return context;
}

/** How `tls.connect` has to be called. */
export function connectionOptions(tls: UpstreamTls): ConnectionOptions {
  return {
    secureContext: contextOf(tls),
    rejectUnauthorized: tls.ca !== '',
    checkServerIdentity: (_host, { raw }) => nameMismatch(new X509Certificate(raw), tls),
    ...(tls.sni === '' ? {} : { servername: tls.sni }),
    ...(tls.alpn.length === 0 ? {} : { ALPNProtocols: [...tls.alpn] }),
  };
}

export const NAME_MISMATCH = 'ERR_TLS_CERT_ALTNAME_INVALID';

function nameMismatch(certificate: X509Certificate, tls: UpstreamTls): Error | undefined {
  const wanted =
    tls.subjectAltNames.length > 0 ? tls.subjectAltNames : [tls.sni].filter((name) => name !== '');
  if (wanted.length === 0 || wanted.some((name) => isFor(certificate, name))) return undefined;
  const told = certificate.subjectAltName ?? 'nobody';
  const error = new Error(`its certificate is for ${told.slice(0, 200)}, not for ${wanted.join(' or ')}`);
  return Object.assign(error, { code: NAME_MISMATCH });
}
