/** The listeners of port numbers, where services without an address of their own meet, beside the port's HTTP. */
import type { Encoded } from '../encoded.ts';
import { compare } from '../model/host-match.ts';
import { allQuestions } from '../routes/audience.ts';
import type { Reader } from '../routes/reader.ts';
import type { ProxyScope } from '../scope/proxy-scope.ts';
import { Varied } from '../varied.ts';
import type { FilterChain } from './opaque-chains.ts';
import { httpPortListener, sharedPortListener } from './outbound-listeners.ts';
import type { SharedChains } from './shared-chains.ts';

/** More views of the mesh than this on one port, and sharing starts over. */
const MAX_SCOPES = 1_000;

export class PortListeners {
  readonly #services = new Map<number, Map<string, SharedChains>>();
  readonly #httpAddresses: (port: number) => readonly string[];
  /** By port, then by what the reader sees of the mesh. */
  readonly #assembled = new Map<number, Map<string, Varied<Encoded>>>();

  /** `httpAddresses`: those of the Services that speak HTTP on a port; no network takes their connections. */
  constructor(httpAddresses: (port: number) => readonly string[]) {
    this.#httpAddresses = httpAddresses;
  }

  put(port: number, host: string, chains: SharedChains): void {
    const services = this.#services.get(port) ?? new Map<string, SharedChains>();
    this.#services.set(port, services.set(host, chains));
    this.forget(port);
  }

  remove(port: number, host: string): void {
    const services = this.#services.get(port);
    services?.delete(host);
    if (services?.size === 0) this.#services.delete(port);
    this.forget(port);
  }

  /** The port's HTTP came or went. */
  forget(port: number): void {
    this.#assembled.delete(port);
  }

  has(port: number): boolean {
    return this.#services.has(port);
  }

  /** Whether a proxy with this scope sees any of the port's services. */
  isSeen(port: number, scope: ProxyScope): boolean {
    return [...(this.#services.get(port)?.keys() ?? [])].some((host) => scope.sees(host, port));
  }

  /** `http`: the proxy sees HTTP on the port. Undefined when it sees nothing there. */
  for(port: number, http: boolean, scope: ProxyScope): Varied<Encoded> | undefined {
    if (!http && !this.isSeen(port, scope)) return undefined;
    const scopes = this.#assembled.get(port) ?? new Map<string, Varied<Encoded>>();
    this.#assembled.set(port, scopes);
    const key = `${http} ${scope.id}`;
    const known = scopes.get(key) ?? this.#assemble(port, http, scope);
    if (scopes.size >= MAX_SCOPES) scopes.clear();
    scopes.set(key, known);
    return known;
  }

  #assemble(port: number, http: boolean, scope: ProxyScope): Varied<Encoded> {
    const services = [...(this.#services.get(port) ?? [])]
      .filter(([host]) => scope.sees(host, port))
      .sort(([a], [b]) => compare(a, b))
      .map(([, chains]) => chains);
    return new Varied(allQuestions(services.map(({ questions }) => questions)), (reader) => {
      if (services.length === 0) return httpPortListener(port);
      const [chains, rest] = together(services, reader);
      const kept = http && chains.some(isForNetworks) ? this.#httpAddresses(port) : [];
      return sharedPortListener(port, http, scope.allowAny, kept, chains, rest);
    });
  }
}

function isForNetworks({ filterChainMatch }: FilterChain): boolean {
  return (filterChainMatch?.prefixRanges ?? []).length > 0;
}

/** Proxies refuse a match that comes twice: the first has it. The first that takes the rest takes it. */
function together(
  services: readonly SharedChains[],
  reader: Reader,
): [readonly FilterChain[], FilterChain | undefined] {
  const parts = services.map((service) => service.for(reader));
  const taken = new Set<string>();
  const chains = parts.flatMap((part) => part.chains).flatMap((chain) => withoutTaken(chain, taken));
  return [chains, parts.find(({ rest }) => rest !== undefined)?.rest];
}

function withoutTaken(chain: FilterChain, taken: Set<string>): FilterChain[] {
  const { serverNames = [], prefixRanges = [], ...match } = chain.filterChainMatch ?? {};
  const networks = JSON.stringify(
    prefixRanges.map(({ addressPrefix, prefixLen }) => [addressPrefix, prefixLen]),
  );
  const wanted = serverNames.length === 0 ? [''] : serverNames;
  const free = wanted.filter((name) => !taken.has(`${name} ${networks}`));
  for (const name of free) taken.add(`${name} ${networks}`);
  if (free.length === wanted.length) return [chain];
  if (free.length === 0) return [];
  const narrowed = { ...(match as object), serverNames: free, prefixRanges };
  return [{ ...chain, filterChainMatch: narrowed as NonNullable<FilterChain['filterChainMatch']> }];
}
