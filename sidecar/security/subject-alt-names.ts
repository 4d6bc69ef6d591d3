import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** The common name is not looked at (RFC 9525 §2); a wildcard stands for one whole label. */
const STRICT = { subject: 'never', wildcards: true, partialWildcards: false } as const;

/** Whether a certificate is for `name`: a DNS name, an IP address or a URI (SPIFFE). */
export function isFor(certificate: X509Certificate, name: string): boolean {
  if (name.includes('://')) return urisOf(certificate).includes(name);
  if (isIP(name) !== 0) return certificate.checkIP(name) !== undefined;
  return certificate.checkHost(name, STRICT) !== undefined;
}

/** `TYPE:VALUE, TYPE:VALUE`; values that could be mistaken for more than one are written as JSON strings. */
const ENTRY = /(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g;

function urisOf({ subjectAltName }: X509Certificate): string[] {
  return [...(subjectAltName ?? '').matchAll(ENTRY)]
    .filter(([, kind]) => kind === 'URI')
    .map(([, , value = '']) => (value.startsWith('"') ? String(JSON.parse(value)) : value));
}
