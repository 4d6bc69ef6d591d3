/**
 * The route configurations that are named for a port number and shared by all of its hosts. Sidecars that see all of
 * the port's hosts alike share one: put together when somebody asks, and kept until one of the hosts changes.
 */
import type { Encoded } from '../encoded.ts';
import { compare } from '../model/host-match.ts';
import { type ProxyScope, WHOLE_MESH } from '../scope/proxy-scope.ts';
import { Varied } from '../varied.ts';
import { allQuestions } from './audience.ts';
import type { Reader } from './reader.ts';
import { encodeVirtualHost, routeConfiguration } from './route-configuration.ts';
import type { HostRoutes } from './service-routes.ts';
import { ALLOW_ANY, BLOCK_ALL } from './virtual-host.ts';

const ALLOW_ANY_HOST = encodeVirtualHost(ALLOW_ANY);
const BLOCK_ALL_HOST = encodeVirtualHost(BLOCK_ALL);

/** More views of the mesh than this on one port, and sharing starts over. */
const MAX_SCOPES = 1_000;

interface Ranked {
  readonly routes: HostRoutes;
  readonly rank: string;
}

export class PortRoutes {
  readonly #services = new Map<number, Map<string, Ranked>>();
  readonly #foreign = new Map<number, readonly (readonly [string, HostRoutes])[]>();
  /** The hosts of a port in their order, until one of them changes: every view of the mesh goes through them. */
  readonly #hosts = new Map<number, readonly (readonly [string, HostRoutes])[]>();
  /** By port, then by what the reader sees of the mesh. */
  readonly #assembled = new Map<number, Map<string, Varied<Encoded>>>();

  /** Of hosts that ask for one domain the one with the smallest rank has it. */
  put(port: number, host: string, routes: HostRoutes, rank = ''): void {
    const services = this.#services.get(port) ?? new Map<string, Ranked>();
    this.#services.set(port, services.set(host, { routes, rank }));
    this.#forget(port);
  }

  remove(port: number, host: string): void {
    const services = this.#services.get(port);
    services?.delete(host);
    if (services?.size === 0) this.#services.delete(port);
    this.#forget(port);
  }

  /** The names that are no services, after all services. */
  setForeign(port: number, hosts: readonly (readonly [string, HostRoutes])[]): void {
    if (hosts.length === 0) this.#foreign.delete(port);
    else this.#foreign.set(port, hosts);
    this.#forget(port);
  }

  has(port: number): boolean {
    return this.#services.has(port) || this.#foreign.has(port);
  }

  ports(): number[] {
    return [...new Set([...this.#services.keys(), ...this.#foreign.keys()])];
  }

  /** The hosts of a port, services first, each with its name. */
  hosts(port: number): readonly (readonly [string, HostRoutes])[] {
    const known = this.#hosts.get(port);
    if (known !== undefined) return known;
    const services = [...(this.#services.get(port) ?? [])]
      .sort(([a, own], [b, other]) => compare(own.rank, other.rank) || compare(a, b))
      .map(([host, { routes }]) => [host, routes] as const);
    const hosts = [...services, ...(this.#foreign.get(port) ?? [])];
    this.#hosts.set(port, hosts);
    return hosts;
  }

  /** Whether a proxy with this scope sees anything on the port. */
  isSeen(port: number, scope: ProxyScope): boolean {
    if (scope === WHOLE_MESH) return this.has(port);
    return this.hosts(port).some(([host]) => scope.sees(host, port));
  }

  get(port: number, reader: Reader, scope: ProxyScope = WHOLE_MESH): Encoded | undefined {
    if (!this.isSeen(port, scope)) return undefined;
    const scopes = this.#assembled.get(port) ?? new Map<string, Varied<Encoded>>();
    this.#assembled.set(port, scopes);
    const known = scopes.get(scope.id);
    if (known !== undefined) return known.for(reader);
    if (scopes.size >= MAX_SCOPES) scopes.clear();
    const assembled = this.#assemble(port, scope);
    scopes.set(scope.id, assembled);
    return assembled.for(reader);
  }

  #forget(port: number): void {
    this.#hosts.delete(port);
    this.#assembled.delete(port);
  }

  #assemble(port: number, scope: ProxyScope): Varied<Encoded> {
    const hosts = this.hosts(port).flatMap(([host, routes]) => (scope.sees(host, port) ? [routes] : []));
    const rest = scope.allowAny ? ALLOW_ANY_HOST : BLOCK_ALL_HOST;
    return new Varied(allQuestions(hosts.map(({ questions }) => questions)), (each) =>
      routeConfiguration(String(port), [...hosts.flatMap((host) => host.for(each) ?? []), rest]),
    );
  }
}
