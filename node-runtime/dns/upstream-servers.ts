import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';

/** glibc uses three; more would only make failures slower. */
const MAX_SERVERS = 3;

/** The name servers of a resolv.conf, without those that are this server itself: asking them would go in circles. */
export function parseNameservers(text: string, own: readonly string[]): string[] {
  return text
    .split('\n')
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? '')
    .filter((address) => isIP(address) !== 0 && !own.includes(address))
    .slice(0, MAX_SERVERS);
}

/** Read at every question: the file changes when the machine joins another network, and is in the page cache. */
export function hostNameservers(own: readonly string[], path = '/etc/resolv.conf'): string[] {
  try {
    return parseNameservers(readFileSync(path, 'utf8'), own);
  } catch {
    return [];
  }
}
