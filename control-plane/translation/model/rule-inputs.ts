/** VirtualServices and DestinationRules, and which services and which other rules each of them touches. */
import type { DestinationRule } from '#api/kinds/destination-rule.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { VirtualService } from '#api/kinds/virtual-service.ts';
import { ruleHost } from '#api/mesh/names.ts';
import { Claims } from './claims.ts';
import type { Dirt } from './dirt.ts';
import { isWildcard, keyOf, wildcardCovers } from './host-match.ts';
import type { InputOptions } from './input-change.ts';
import { Links } from './links.ts';
import type { MeshService } from './mesh-service.ts';
import { RuleBook } from './rule-book.ts';
import { delegatesOf, destinationsOf } from './rule-destinations.ts';
import { same } from './same.ts';

export class RuleInputs {
  readonly virtualServices = new Claims<Stored<VirtualService>>();
  readonly destinationRules: RuleBook;
  readonly #clusterDomain: string;
  readonly #services: () => ReadonlyMap<string, MeshService>;
  /** VirtualServices by the hosts that their destinations name, and by the VirtualServices that they delegate to. */
  readonly #rulesToHost = new Links();
  readonly #delegators = new Links();

  /** `services`: those of the mesh by full name, as they are now. */
  constructor(
    { rootNamespace, clusterDomain }: InputOptions,
    services: () => ReadonlyMap<string, MeshService>,
  ) {
    this.destinationRules = new RuleBook(rootNamespace);
    this.#clusterDomain = clusterDomain;
    this.#services = services;
  }

  /** The services that a claim speaks of: the one of that name, or all that a wildcard covers. */
  servicesUnder(claim: string): string[] {
    if (!isWildcard(claim)) return this.#services().has(claim) ? [claim] : [];
    return [...this.#services().keys()].filter((host) => wildcardCovers(claim, host));
  }

  putVirtualService(key: string, object: Stored<VirtualService> | undefined, dirt: Dirt): void {
    const before = this.virtualServices.get(key);
    if (same(before?.spec, object?.spec) && same(before?.metadata.uid, object?.metadata.uid)) return;
    const hosts = object === undefined ? [] : this.#claimedHosts(object.spec.hosts ?? [], key);
    this.#rulesToHost.relink(
      key,
      before && this.destinationHosts(before),
      object && this.destinationHosts(object),
    );
    this.#delegators.relink(key, before && delegatesOf(before), object && delegatesOf(object));
    dirt.virtualServices.add(key);
    for (const claim of this.virtualServices.put(key, object, hosts)) this.#staleClaim(claim, dirt);
    for (const delegator of this.#delegators.get(key)) this.#staleRule(delegator, dirt);
  }

  putDestinationRule(key: string, object: Stored<DestinationRule> | undefined, dirt: Dirt): void {
    const before = this.destinationRules.get(key);
    if (same(before?.spec, object?.spec) && same(before?.metadata.uid, object?.metadata.uid)) return;
    const hosts = object === undefined ? [] : this.#claimedHosts([object.spec.host], key);
    dirt.destinationRules.add(key);
    for (const claim of this.destinationRules.put(key, object, hosts)) {
      for (const host of this.servicesUnder(claim)) {
        dirt.services.add(host);
        for (const rule of this.#rulesToHost.get(host)) this.#staleRule(rule, dirt);
      }
      for (const rule of this.destinationRules.on(claim)) dirt.destinationRules.add(keyOf(rule));
    }
  }

  /** Every host that a VirtualService's destinations name, its delegates' not counted. */
  destinationHosts(rule: Stored<VirtualService>): string[] {
    const namespace = rule.metadata.namespace ?? 'default';
    return [...new Set(destinationsOf(rule).map(({ host }) => this.#resolve(host, namespace)))];
  }

  /** `*` alone claims the whole world: Istio refuses it in the mesh, and so does a condition. */
  #claimedHosts(hosts: readonly string[], key: string): string[] {
    const namespace = key.split('/', 1)[0] ?? 'default';
    return [...new Set(hosts.map((host) => this.#resolve(host, namespace)))].filter((host) => host !== '*');
  }

  #resolve(host: string, namespace: string): string {
    const lower = host.toLowerCase();
    return isWildcard(lower) ? lower : ruleHost(lower, namespace, this.#clusterDomain);
  }

  /** A destination or a delegate of this VirtualService changed: its routes and its verdict may differ. */
  #staleRule(key: string, dirt: Dirt): void {
    dirt.virtualServices.add(key);
    for (const claim of this.virtualServices.hostsOf(key)) this.#staleClaim(claim, dirt);
    for (const delegator of this.#delegators.get(key)) {
      dirt.virtualServices.add(delegator);
      for (const claim of this.virtualServices.hostsOf(delegator)) this.#staleClaim(claim, dirt);
    }
  }

  #staleClaim(claim: string, dirt: Dirt): void {
    const hosts = this.servicesUnder(claim);
    for (const host of hosts) dirt.services.add(host);
    if (hosts.length === 0 || !this.#services().has(claim)) dirt.foreignHosts = true;
    for (const rule of this.virtualServices.on(claim)) dirt.virtualServices.add(keyOf(rule));
  }

  /** A service came, changed or went: the rules that speak for it may have become right or wrong. */
  restate(host: string, dirt: Dirt): void {
    for (const rule of this.virtualServices.for(host)) dirt.virtualServices.add(keyOf(rule));
    for (const rule of this.destinationRules.covering(host)) dirt.destinationRules.add(keyOf(rule));
  }

  /** A service came or went: those who name it as a destination may be right or wrong now. */
  staleDestinations(host: string, dirt: Dirt): void {
    for (const rule of this.#rulesToHost.get(host)) this.#staleRule(rule, dirt);
  }
}
