import { codeOf } from '#api/foundation/errors.ts';
import { NAME_MISMATCH } from '#sidecar/security/upstream-tls.ts';

const UNTRUSTED = 'its certificate is of an authority that is not trusted';

/** OpenSSL's words for a server that must not be talked to, and ours. */
const SENTENCES = new Map([
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet'],
  ['CERT_REVOKED', 'its certificate was revoked'],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNTRUSTED],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNTRUSTED],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNTRUSTED],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'it does not speak TLS'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'it does not speak TLS'],
]);

/** Why a connection could not be made, to stand after a colon. */
export function connectFailure(error: Error | undefined): string {
  const code = codeOf(error);
  if (code === NAME_MISMATCH && error !== undefined) return error.message;
  return SENTENCES.get(code ?? '') ?? code ?? error?.message ?? 'closed';
}
