import { Resolver } from 'node:dns/promises';
import type { NameResolver } from './resolver.ts';

/** As Envoy's c-ares: five seconds for each of two questions. */
const OPTIONS = { timeout: 5_000, tries: 2 } as const;

/**
 * The name servers of `/etc/resolv.conf`, or the one given (`ADDRESS:PORT`), asked by c-ares: unlike `getaddrinfo` it tells how long an answer holds, and a
 * slow name does not keep a thread of the pool.
 */
export function createSystemResolver(server?: string): NameResolver {
  const resolver = new Resolver(OPTIONS);
  if (server !== undefined) resolver.setServers([server]);
  return {
    async resolve(name, family) {
      const records =
        family === 4
          ? await resolver.resolve4(name, { ttl: true })
          : await resolver.resolve6(name, { ttl: true });
      return records.map(({ address, ttl }) => ({ address, ttlMs: ttl * 1000 }));
    },
  };
}
