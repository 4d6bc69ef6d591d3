/**
 * Every service of the mesh by its full name. Two may claim one name: a Kubernetes Service wins over ServiceEntries,
 * and among those the oldest wins.
 */
import { compare } from './host-match.ts';
import type { MeshService } from './mesh-service.ts';

interface Claim {
  readonly owner: string;
  readonly service: MeshService;
}

export class ServiceTable {
  /** The winners. */
  readonly byHost = new Map<string, MeshService>();
  readonly #claims = new Map<string, readonly Claim[]>();
  readonly #owned = new Map<string, readonly string[]>();

  /** Replaces what `owner` brings. Returns the hosts whose winner is another now, with the one before. */
  put(owner: string, services: readonly MeshService[]): Map<string, MeshService | undefined> {
    const hosts = new Set([...(this.#owned.get(owner) ?? []), ...services.map(({ host }) => host)]);
    const next = new Map(services.map((service) => [service.host, service]));
    const changed = new Map<string, MeshService | undefined>();
    for (const host of hosts) {
      const before = this.byHost.get(host);
      this.#replace(host, owner, next.get(host));
      if (JSON.stringify(before) !== JSON.stringify(this.byHost.get(host))) changed.set(host, before);
      else if (before !== undefined) this.byHost.set(host, before);
    }
    if (next.size === 0) this.#owned.delete(owner);
    else this.#owned.set(owner, [...next.keys()]);
    return changed;
  }

  hostsOf(owner: string): readonly string[] {
    return this.#owned.get(owner) ?? [];
  }

  /** Who speaks for a host, the winner first: owners as they were put. */
  ownersOf(host: string): string[] {
    return (this.#claims.get(host) ?? []).map(({ owner }) => owner);
  }

  #replace(host: string, owner: string, service: MeshService | undefined): void {
    const others = (this.#claims.get(host) ?? []).filter((claim) => claim.owner !== owner);
    const claims = service === undefined ? others : [...others, { owner, service }].sort(byRight);
    if (claims.length === 0) {
      this.#claims.delete(host);
      this.byHost.delete(host);
    } else {
      this.#claims.set(host, claims);
      this.byHost.set(host, claims[0]!.service);
    }
  }
}

function byRight(a: Claim, b: Claim): number {
  return (
    compare(a.service.source === 'Service' ? '0' : '1', b.service.source === 'Service' ? '0' : '1') ||
    compare(a.service.createdAt, b.service.createdAt) ||
    compare(a.owner, b.owner)
  );
}
