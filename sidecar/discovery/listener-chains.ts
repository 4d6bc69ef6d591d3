import type { ClientHello } from '#sidecar/intercept/client-hello.ts';
import { type ByProtocol, type ChainMatch, ChainTree, type ServerNames } from './chain-tree.ts';
import type { TargetSpec } from './listener-spec.ts';
import type { Place } from './refusals.ts';

/** A filter chain that can be run, and which connections it is for. */
export interface Chain {
  readonly match: ChainMatch;
  readonly target: TargetSpec;
}

/** Where the connections to one destination go. */
export interface DestinationSpec {
  /** Those that do not begin with a ClientHello, and all of them without `hello`. */
  readonly plain: TargetSpec | undefined;
  /** Those that do. Undefined: nobody has to look. */
  readonly hello: ((hello: ClientHello) => TargetSpec | undefined) | undefined;
}

/** The chains of one listener, arranged for look-up. */
export interface ListenerChains {
  /** Every target, for what they name. */
  readonly targets: readonly TargetSpec[];
  /** By original destination. Undefined: no chain is for it. */
  at(address: string, port: number): DestinationSpec | undefined;
}

/** What the http_inspector calls the protocols that it can see. */
export const HTTP_PROTOCOLS: ReadonlySet<string> = new Set(['http/1.0', 'http/1.1', 'h2c']);

export function arrangeChains(
  chains: readonly Chain[],
  fallback: TargetSpec | undefined,
  place: Place,
): ListenerChains {
  const tree = new ChainTree<TargetSpec>();
  for (const { match, target } of chains) {
    if (!tree.add(match, target)) place.refuse('chains that cannot be told apart');
  }
  const specs = new Map<ServerNames<TargetSpec>, DestinationSpec>();
  for (const names of tree.destinations()) specs.set(names, destinationOf(names, fallback, place));
  const targets = new Set(chains.map(({ target }) => target));
  if (fallback !== undefined) targets.add(fallback);
  for (const { plain } of specs.values()) if (plain !== undefined) targets.add(plain);
  if (targets.size === 0) place.refuse('there is no chain that can be run');
  const rest = fallback === undefined ? undefined : { plain: fallback, hello: undefined };
  return {
    targets: [...targets],
    at(address, port) {
      const names = tree.at(address, port);
      return names === undefined ? rest : specs.get(names);
    },
  };
}

function destinationOf(
  names: ServerNames<TargetSpec>,
  fallback: TargetSpec | undefined,
  place: Place,
): DestinationSpec {
  const plain = plainTarget(names.find('', 'raw_buffer'), fallback, place);
  if (!names.needsHello) return { plain, hello: undefined };
  return {
    plain,
    hello: ({ serverName, protocols }) => {
      const chains = names.find(serverName, 'tls');
      const protocol = protocols.find((each) => chains?.has(each)) ?? '';
      return chains?.get(protocol) ?? fallback;
    },
  };
}

/** Chains that differ in HTTP's application protocols only are one target: HTTP when it looks like it, else opaque. */
function plainTarget(
  chains: ByProtocol<TargetSpec> | undefined,
  fallback: TargetSpec | undefined,
  place: Place,
): TargetSpec | undefined {
  const detected = new Set([...HTTP_PROTOCOLS].map((protocol) => chains?.get(protocol)));
  detected.delete(undefined);
  const [http, ...more] = detected;
  const other = chains?.get('') ?? fallback;
  if (more.length > 0) place.refuse('chains that cannot be told apart');
  if (http === undefined || other === undefined) return http ?? other;
  if (http.protocol !== 'http') place.refuse('a chain for HTTP protocols needs a connection manager');
  else if (other.protocol !== 'tcp') {
    place.refuse('the chain beside one for HTTP protocols must be a tcp_proxy');
  } else if (http.tls !== undefined || other.tls !== undefined) {
    place.refuse('HTTP cannot be detected within TLS that ends here');
  } else {
    const { name, chain } = http;
    if (http.maxConnections !== other.maxConnections) {
      place.refuse('chains that are told apart by what is spoken must have the same connection_limit');
    }
    const { maxConnections } = http;
    return {
      name,
      chain,
      maxConnections,
      tls: undefined,
      protocol: 'detect',
      http: http.http,
      tcp: other.tcp,
    };
  }
  return undefined;
}
