/**
 * The route configurations that are named for a port number and shared by all of its hosts. Sidecars that see all of
 * the port's hosts alike share one: put together when somebody asks, and kept until one of the hosts changes.
 */
import type { Encoded } from '../encoded.ts';
import { compare } from '../model/host-match.ts';
import { Varied } from '../varied.ts';
import { allQuestions } from './audience.ts';
import type { Reader } from './reader.ts';
import { encodeVirtualHost, routeConfiguration } from './route-configuration.ts';
import type { HostRoutes } from './service-routes.ts';
import { ALLOW_ANY } from './virtual-host.ts';

const ALLOW_ANY_HOST = encodeVirtualHost(ALLOW_ANY);

export class PortRoutes {
  readonly #services = new Map<number, Map<string, HostRoutes>>();
  readonly #foreign = new Map<number, readonly (readonly [string, HostRoutes])[]>();
  readonly #assembled = new Map<number, Varied<Encoded>>();

  put(port: number, host: string, routes: HostRoutes): void {
    const services = this.#services.get(port) ?? new Map<string, HostRoutes>();
    this.#services.set(port, services.set(host, routes));
    this.#assembled.delete(port);
  }

  remove(port: number, host: string): void {
    const services = this.#services.get(port);
    services?.delete(host);
    if (services?.size === 0) this.#services.delete(port);
    this.#assembled.delete(port);
  }

  /** The names that are no services, after all services. */
  setForeign(port: number, hosts: readonly (readonly [string, HostRoutes])[]): void {
    if (hosts.length === 0) this.#foreign.delete(port);
    else this.#foreign.set(port, hosts);
    this.#assembled.delete(port);
  }

  has(port: number): boolean {
    return this.#services.has(port) || this.#foreign.has(port);
  }

  ports(): number[] {
    return [...new Set([...this.#services.keys(), ...this.#foreign.keys()])];
  }

  /** The hosts of a port, services first, each with its name. */
  hosts(port: number): (readonly [string, HostRoutes])[] {
    const services = [...(this.#services.get(port) ?? [])].sort(([a], [b]) => compare(a, b));
    return [...services, ...(this.#foreign.get(port) ?? [])];
  }

  get(port: number, reader: Reader): Encoded | undefined {
    if (!this.has(port)) return undefined;
    const known = this.#assembled.get(port);
    if (known !== undefined) return known.for(reader);
    const hosts = this.hosts(port).map(([, routes]) => routes);
    const assembled = new Varied(allQuestions(hosts.map(({ questions }) => questions)), (each) =>
      routeConfiguration(String(port), [...hosts.flatMap((host) => host.for(each) ?? []), ALLOW_ANY_HOST]),
    );
    this.#assembled.set(port, assembled);
    return assembled.for(reader);
  }
}
