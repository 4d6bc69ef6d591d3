import { codeOf, messageOf, WeftError } from '#api/foundation/errors.ts';

const REMEDY = 'start the control plane: weft up';

/** Codes with which OpenSSL and Node refuse a certificate. */
const UNTRUSTED =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(?:GET_ISSUER|VERIFY)|HOSTNAME_MISMATCH)/;

/**
 * Puts a failed exchange into words. Codes: `ControlPlaneNotRunning` (nothing listens there),
 * `ControlPlaneNotTrusted` (its certificate is not of our authority), `ControlPlaneUnreachable` (anything else:
 * no route, too slow, the connection broke).
 */
export function transportError(error: unknown, server: string): Error {
  if (error instanceof WeftError) return error;
  const code = codeOf(error) ?? codeOf((error as { cause?: unknown } | null)?.cause) ?? '';
  if (code === 'ECONNREFUSED' || code === 'ENOENT') {
    return new WeftError('ControlPlaneNotRunning', `no control plane answers at ${server}`, {
      remedy: REMEDY,
      cause: error,
    });
  }
  if (UNTRUSTED.test(code)) {
    return new WeftError(
      'ControlPlaneNotTrusted',
      `the server at ${server} is not this mesh's control plane: ${messageOf(error)}`,
      { remedy: 'check the address, or make the kubeconfig anew: weft kubeconfig', cause: error },
    );
  }
  return new WeftError(
    'ControlPlaneUnreachable',
    `the control plane at ${server} cannot be reached: ${messageOf(error)}`,
    { remedy: REMEDY, cause: error },
  );
}

export function tokenRefused(server: string, message: string | undefined): WeftError {
  return new WeftError(
    'TokenRefused',
    `the control plane at ${server} does not accept the token${message === undefined ? '' : `: ${message}`}`,
    { remedy: 'use the token of this mesh: weft kubeconfig' },
  );
}

/** True for failures that say nothing about the request: the control plane is away, for now. */
export function isUnreachable(error: unknown): boolean {
  const code = error instanceof WeftError ? error.code : undefined;
  return code === 'ControlPlaneNotRunning' || code === 'ControlPlaneUnreachable';
}
