/**
 * Envoy's search for the filter chain of a connection (FilterChainMatch): step by step, and at each step the most
 * specific value that any chain has decides. There is no way back: when the chains behind it do not match, the default
 * chain is taken, even if a less specific value would have led to one.
 *
 *   destination port ─▶ destination address ─▶ server name ─▶ transport protocol ─▶ application protocol
 *   exact, any          longest prefix, any     exact, longest    exact, any           in the client's order, any
 *                                               *.suffix, any
 */
import type { IpPrefix } from './ip-prefix.ts';
import { contains, parseIp } from './ip-prefix.ts';

export type Transport = 'tls' | 'raw_buffer';

/** What the connections of a chain have in common; what is empty matches all. */
export interface ChainMatch {
  readonly port: number | undefined;
  readonly prefixes: readonly IpPrefix[];
  /** In lower case; `*.example.com` is every name below that one. */
  readonly serverNames: readonly string[];
  readonly transport: Transport | undefined;
  readonly protocols: readonly string[];
}

/** By application protocol; '' is any. */
export type ByProtocol<C> = Map<string, C>;

/** The chains for one server name, by transport protocol. */
type ByTransport<C> = Map<Transport | '', ByProtocol<C>>;

/** The chains for one destination. */
export class ServerNames<C> {
  /** By server name; '' is any, `.example.com` every name that ends so. */
  readonly #names = new Map<string, ByTransport<C>>();

  /** False when the same match stands there already. */
  add(name: string, transport: Transport | '', protocol: string, chain: C): boolean {
    const key = name.startsWith('*') ? name.slice(1) : name;
    const byProtocol = within(within(this.#names, key), transport);
    if (byProtocol.has(protocol)) return false;
    byProtocol.set(protocol, chain);
    return true;
  }

  /** Whether connections are told apart by what a ClientHello says. */
  get needsHello(): boolean {
    return this.#names.size > 1 || !this.#names.has('') || this.#names.get('')!.has('tls');
  }

  /** The chains for connections that named `serverName` ('' for none). */
  find(serverName: string, transport: Transport): ByProtocol<C> | undefined {
    const byTransport = this.#byName(serverName);
    return byTransport?.get(transport) ?? byTransport?.get('');
  }

  #byName(serverName: string): ByTransport<C> | undefined {
    const exact = this.#names.get(serverName);
    if (exact !== undefined) return exact;
    for (let dot = serverName.indexOf('.'); dot >= 0; dot = serverName.indexOf('.', dot + 1)) {
      const suffix = this.#names.get(serverName.slice(dot));
      if (suffix !== undefined) return suffix;
    }
    return this.#names.get('');
  }
}

/** The chains for one port, by destination address. */
interface Destinations<C> {
  /** Longest first. */
  readonly prefixes: { readonly prefix: IpPrefix; readonly names: ServerNames<C> }[];
  any: ServerNames<C> | undefined;
}

const ANY_PORT = 0;

export class ChainTree<C> {
  readonly #ports = new Map<number, Destinations<C>>();

  /** False when another chain has a match in common that is as specific: nothing could tell them apart. */
  add(match: ChainMatch, chain: C): boolean {
    const serverNames = match.serverNames.length === 0 ? [''] : match.serverNames;
    const protocols = match.protocols.length === 0 ? [''] : match.protocols;
    let alone = true;
    for (const names of this.#destinations(match)) {
      for (const name of serverNames) {
        for (const protocol of protocols) {
          alone = names.add(name, match.transport ?? '', protocol, chain) && alone;
        }
      }
    }
    return alone;
  }

  /** Every destination that is told apart. */
  *destinations(): Iterable<ServerNames<C>> {
    for (const { prefixes, any } of this.#ports.values()) {
      yield* prefixes.map(({ names }) => names);
      if (any !== undefined) yield any;
    }
  }

  at(address: string, port: number): ServerNames<C> | undefined {
    const destinations = this.#ports.get(port) ?? this.#ports.get(ANY_PORT);
    if (destinations === undefined || destinations.prefixes.length === 0) return destinations?.any;
    const ip = parseIp(address);
    if (ip === undefined) return destinations.any;
    return destinations.prefixes.find(({ prefix }) => contains(prefix, ip))?.names ?? destinations.any;
  }

  #destinations({ port, prefixes }: ChainMatch): ServerNames<C>[] {
    const key = port ?? ANY_PORT;
    const destinations = this.#ports.get(key) ?? { prefixes: [], any: undefined };
    this.#ports.set(key, destinations);
    if (prefixes.length > 0) return prefixes.map((prefix) => atPrefix(destinations, prefix));
    destinations.any ??= new ServerNames();
    return [destinations.any];
  }
}

function atPrefix<C>({ prefixes }: Destinations<C>, prefix: IpPrefix): ServerNames<C> {
  const known = prefixes.find(
    (each) => each.prefix.length === prefix.length && contains(each.prefix, prefix),
  );
  if (known !== undefined) return known.names;
  const names = new ServerNames<C>();
  prefixes.push({ prefix, names });
  prefixes.sort((a, b) => b.prefix.length - a.prefix.length);
  return names;
}

function within<K, L, V>(map: Map<K, Map<L, V>>, key: K): Map<L, V> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = new Map<L, V>();
  map.set(key, made);
  return made;
}
