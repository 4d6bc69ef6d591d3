import type { Route } from './compile-route.ts';
import type { RedirectDecision } from './route-table.ts';

export interface VirtualHost {
  readonly name: string;
  readonly routes: readonly Route[];
  /** What a request that did not come over TLS gets; undefined: it is routed. */
  readonly withoutTls: RedirectDecision | undefined;
}

/** Wildcards of one length, by the part that is fixed. */
interface Wildcards {
  readonly length: number;
  readonly hosts: Map<string, VirtualHost>;
}

/**
 * Envoy's search for a virtual host: the exact domain, else the longest `*suffix`, else the longest `prefix*`, else
 * `*`. A `*` stands for at least one character. Case does not count.
 */
export class VirtualHosts {
  readonly #exact = new Map<string, VirtualHost>();
  readonly #suffixes: Wildcards[] = [];
  readonly #prefixes: Wildcards[] = [];
  #any: VirtualHost | undefined;

  /** False when the domain is already taken. */
  add(domain: string, host: VirtualHost): boolean {
    const lower = domain.toLowerCase();
    if (lower === '*') {
      if (this.#any !== undefined) return false;
      this.#any = host;
      return true;
    }
    if (lower.startsWith('*')) return put(bucket(this.#suffixes, lower.length - 1), lower.slice(1), host);
    if (lower.endsWith('*')) return put(bucket(this.#prefixes, lower.length - 1), lower.slice(0, -1), host);
    return put(this.#exact, lower, host);
  }

  /** `authority` in lower case. */
  find(authority: string): VirtualHost | undefined {
    const exact = this.#exact.get(authority);
    if (exact !== undefined) return exact;
    for (const { length, hosts } of this.#suffixes) {
      const host = length < authority.length ? hosts.get(authority.slice(-length)) : undefined;
      if (host !== undefined) return host;
    }
    for (const { length, hosts } of this.#prefixes) {
      const host = length < authority.length ? hosts.get(authority.slice(0, length)) : undefined;
      if (host !== undefined) return host;
    }
    return this.#any;
  }
}

function put(hosts: Map<string, VirtualHost>, key: string, host: VirtualHost): boolean {
  if (hosts.has(key)) return false;
  hosts.set(key, host);
  return true;
}

/** The bucket for wildcards of that length; buckets stay sorted, longest first. */
function bucket(wildcards: Wildcards[], length: number): Map<string, VirtualHost> {
  const known = wildcards.find((each) => each.length === length);
  if (known !== undefined) return known.hosts;
  const hosts = new Map<string, VirtualHost>();
  wildcards.push({ length, hosts });
  wildcards.sort((a, b) => b.length - a.length);
  return hosts;
}
