import { createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { messageOf, WeftError } from '#api/foundation/errors.ts';
import type { MeshPaths } from '#api/mesh/config.ts';
import type { KeyPair } from './issue.ts';
import { readIfThere, writeWhole } from './private-files.ts';

export interface ServingCertificate extends KeyPair {
  /** The authority that clients trust, PEM. */
  readonly ca: string;
}

/** A certificate with less time left than this is replaced. */
const RENEW_BEFORE_MS = 30 * 86_400_000;

function namesFor(clusterDomain: string) {
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  return [
    { type: 'ip', value: '127.0.0.1' },
    { type: 'dns', value: 'localhost' },
    ...[...service, `kubernetes.default.svc.${clusterDomain}`].map((value) => ({
      type: 'dns' as const,
      value,
    })),
  ] as const;
}

/**
 * The serving certificate in `pki/`, made at the first start and anew when it is about to expire; the authority stays,
 * so that kubeconfigs stay good. Throws a WeftError `CertificatesUnreadable` when a file is damaged.
 */
export async function ensureServingCertificate(
  paths: Pick<MeshPaths, 'pki' | 'caCertificate'>,
  clusterDomain: string,
  nowMs: number,
): Promise<ServingCertificate> {
  const authority = await ensure(
    paths.caCertificate,
    join(paths.pki, 'ca.key'),
    nowMs,
    undefined,
    async () => {
      const { issueAuthority } = await import('./issue.ts');
      return issueAuthority('weft', nowMs);
    },
  );
  const [certificate, key] = [join(paths.pki, 'apiserver.crt'), join(paths.pki, 'apiserver.key')];
  const serving = await ensure(certificate, key, nowMs, authority.certificate, async () => {
    const { issueServing } = await import('./issue.ts');
    return issueServing(authority, namesFor(clusterDomain), nowMs);
  });
  return { ...serving, ca: authority.certificate };
}

/** The pair in the two files when it is good for a while yet and signed by `ca`; else a new one, written there. */
async function ensure(
  certificatePath: string,
  keyPath: string,
  nowMs: number,
  ca: string | undefined,
  issue: () => Promise<KeyPair>,
): Promise<KeyPair> {
  const certificate = readIfThere(certificatePath);
  const key = readIfThere(keyPath);
  if (certificate !== undefined && key !== undefined) {
    if (isGood(certificatePath, { certificate, key }, nowMs, ca)) return { certificate, key };
  }
  const issued = await issue();
  writeWhole(keyPath, issued.key, 0o600);
  writeWhole(certificatePath, issued.certificate, 0o644);
  return issued;
}

function isGood(path: string, pair: KeyPair, nowMs: number, ca: string | undefined): boolean {
  try {
    const parsed = new X509Certificate(pair.certificate);
    return (
      Date.parse(parsed.validTo) - nowMs > RENEW_BEFORE_MS &&
      parsed.checkPrivateKey(createPrivateKey(pair.key)) &&
      (ca === undefined || parsed.verify(new X509Certificate(ca).publicKey))
    );
  } catch (cause) {
    throw new WeftError('CertificatesUnreadable', `${path} or its key is damaged: ${messageOf(cause)}`, {
      remedy: `remove both files; new ones are made at the next start`,
      cause,
    });
  }
}
