/** Rules that several of Istio's kinds share: hosts, `exportTo`, localities, addresses. */
import { isIPv4, isIPv4Prefix } from '../mesh/ipv4.ts';
import type { Mistake } from './kind.ts';

const LABEL = '[a-z0-9_](?:[-a-z0-9_]{0,61}[a-z0-9_])?';
const NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`, 'i');
const MAX_HOST_LENGTH = 253;

/** A last label of digits would be a number of an address (RFC 3696). */
export function isDnsName(text: string): boolean {
  return text.length <= MAX_HOST_LENGTH && NAME.test(text) && !/(?:^|\.)\d+$/.test(text);
}

/** A DNS name, or one that begins with `*.`. */
export function hostMistakes(host: string, path: string): Mistake[] {
  const name = host.startsWith('*.') ? host.slice(2) : host;
  return host.length <= MAX_HOST_LENGTH && isDnsName(name)
    ? []
    : [{ path, message: 'must be a DNS name, or one that begins with *.' }];
}

/** `.`, `*`, `~` or names of namespaces. `*` and `~` say everything, so they stand alone. */
export function exportToMistakes(exportTo: readonly string[] | undefined): Mistake[] {
  const words = exportTo ?? [];
  return words.flatMap((word, i): Mistake[] => {
    const path = `spec.exportTo[${i}]`;
    if (words.indexOf(word) < i) return [{ path, message: `${word} is named twice` }];
    if (word === '*' || word === '~')
      return words.length > 1 ? [{ path, message: `${word} cannot be combined with others` }] : [];
    const known = word === '.' || /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(word);
    return known ? [] : [{ path, message: 'must be ., *, ~ or the name of a namespace' }];
  });
}

export function addressOrPrefixMistakes(text: string, path: string): Mistake[] {
  return isIPv4(text) || isIPv4Prefix(text)
    ? []
    : [{ path, message: 'must be an IPv4 address or prefix, such as 10.1.2.3 or 10.1.0.0/16' }];
}

/**
 * Addresses that mean another machine to each who reads them, as Kubernetes has it for endpoints: loopback would lead
 * a proxy to its own ports, link-local to what the machine's provider keeps there.
 */
export function peerAddressMistakes(address: string, path: string): Mistake[] {
  const kind = specialKind(address);
  return kind === undefined ? [] : [{ path, message: `must not be ${kind} address` }];
}

function specialKind(address: string): string | undefined {
  const [first = 0, second = 0] = address.split('.').map(Number);
  if (!isIPv4(address)) return undefined;
  if (first === 0) return 'an unspecified';
  if (first === 127) return 'a loopback';
  if (first === 169 && second === 254) return 'a link-local';
  return first >= 224 && first < 240 ? 'a multicast' : undefined;
}

/** `REGION/ZONE/SUBZONE`; with `wildcards` the last parts may be `*`. */
export function localityMistakes(text: string, path: string, wildcards = false): Mistake[] {
  const parts = text.split('/');
  const fault = (message: string): Mistake[] => [{ path, message }];
  if (parts.length > 3 || parts.some((part) => part === ''))
    return fault('must be REGION, REGION/ZONE or REGION/ZONE/SUBZONE');
  const star = parts.findIndex((part) => part.includes('*'));
  if (star === -1) return [];
  if (!wildcards) return fault('* is not allowed here');
  return parts[star] === '*' && star === parts.length - 1 ? [] : fault('* stands alone, and last');
}

/** The second and later ones of equal values, each with its path. */
export function duplicateMistakes(
  values: readonly (string | number)[],
  pathOf: (index: number) => string,
): Mistake[] {
  return values.flatMap((value, i) =>
    values.indexOf(value) < i ? [{ path: pathOf(i), message: `${value} is named twice` }] : [],
  );
}
