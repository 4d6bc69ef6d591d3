/**
 * The route configurations that are named for a port number and shared by all of its services. They differ between
 * sidecars only by the bare names of the sidecar's own namespace, so namespaces without a service on the port share
 * one. Put together when somebody asks, and kept until one of the port's services changes.
 */
import type { Encoded } from '../encoded.ts';
import { compare } from '../model/host-match.ts';
import type { ServiceRoutes } from '../service-resources.ts';
import { type EncodedVirtualHost, encodeVirtualHost, routeConfiguration } from './route-configuration.ts';
import { ALLOW_ANY } from './virtual-host.ts';

const ALLOW_ANY_HOST = encodeVirtualHost(ALLOW_ANY);

export class PortRoutes {
  readonly #services = new Map<number, Map<string, ServiceRoutes>>();
  readonly #foreign = new Map<number, readonly EncodedVirtualHost[]>();
  readonly #assembled = new Map<number, Map<string, Encoded>>();

  put(port: number, host: string, routes: ServiceRoutes): void {
    const services = this.#services.get(port) ?? new Map();
    this.#services.set(port, services.set(host, routes));
    this.#assembled.delete(port);
  }

  remove(port: number, host: string): void {
    const services = this.#services.get(port);
    services?.delete(host);
    if (services?.size === 0) this.#services.delete(port);
    this.#assembled.delete(port);
  }

  /** The virtual hosts of names that are no services, after all services. */
  setForeign(port: number, hosts: readonly EncodedVirtualHost[]): void {
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

  get(port: number, namespace: string): Encoded | undefined {
    if (!this.has(port)) return undefined;
    const services = [...(this.#services.get(port) ?? [])].sort(([a], [b]) => compare(a, b));
    const near = services.some(([, routes]) => routes.namespace === namespace) ? namespace : '';
    const assembled = this.#assembled.get(port) ?? new Map<string, Encoded>();
    this.#assembled.set(port, assembled);
    const known = assembled.get(near);
    if (known !== undefined) return known;
    const configuration = routeConfiguration(String(port), [
      ...services.map(([, routes]) => (routes.namespace === near ? routes.near : routes.far)),
      ...(this.#foreign.get(port) ?? []),
      ALLOW_ANY_HOST,
    ]);
    assembled.set(near, configuration);
    return configuration;
  }
}
