/**
 * Which DestinationRules are in force for a host and a client, in Istio's order of namespaces: the client's own, then
 * the service's, then the root namespace; the first that says anything about the host speaks alone. In a namespace
 * the most specific host wins.
 */
import type { DestinationRule } from '#api/kinds/destination-rule.ts';
import type { Stored } from '#api/kinds/meta.ts';
import { carries, type Labels } from '#api/kinds/selectors.ts';
import type { TrafficPolicy } from '#api/kinds/traffic-policy.ts';
import { Claims } from './claims.ts';
import { isExported } from './export-to.ts';
import { ROOT_NAMESPACE } from './input-change.ts';
import { Links } from './links.ts';
import type { MeshService } from './mesh-service.ts';

type Rule = Stored<DestinationRule>;

/** Who asks: the workload whose traffic the rules are for. */
export interface Client {
  readonly namespace: string;
  readonly labels: Labels;
}

/** Of no namespace: sees what everybody sees. */
export const ANYBODY: Client = { namespace: '', labels: {} };

export class RuleBook {
  readonly rootNamespace: string;
  readonly #all = new Claims<Rule>();
  readonly #byNamespace = new Map<string, Claims<Rule>>();
  readonly #bySecret = new Links();

  constructor(rootNamespace: string = ROOT_NAMESPACE) {
    this.rootNamespace = rootNamespace;
  }

  get(key: string): Rule | undefined {
    return this.#all.get(key);
  }

  hostsOf(key: string): readonly string[] {
    return this.#all.hostsOf(key);
  }

  /** The rules on exactly `host` in all namespaces, oldest first. */
  on(host: string): readonly Rule[] {
    return this.#all.on(host);
  }

  /** Every rule that speaks of `host`, exactly or by wildcard, for whomever. */
  covering(host: string): Rule[] {
    return this.#all.covering(host);
  }

  /** Keys of the rules that take their TLS credentials from a Secret of this name, or from it and one beside it. */
  naming(secret: string): string[] {
    const names = new Set([secret, secret.replace(/-cacert$/, '')]);
    return [...names].flatMap((name) => this.#bySecret.get(name));
  }

  /** Replaces the rule `key`; undefined removes it. Returns the hosts that were or are claimed by it. */
  put(key: string, rule: Rule | undefined, hosts: readonly string[]): string[] {
    const namespace = key.slice(0, key.indexOf('/'));
    const claims = this.#byNamespace.get(namespace) ?? new Claims<Rule>();
    this.#byNamespace.set(namespace, claims);
    const before = this.get(key);
    this.#bySecret.relink(key, before && secretsOf(before), rule && secretsOf(rule));
    claims.put(key, rule, hosts);
    return this.#all.put(key, rule, hosts);
  }

  /** What is in force, oldest first. */
  for(service: Pick<MeshService, 'host' | 'namespace'>, client: Client): readonly Rule[] {
    const own = this.#in(client.namespace, service.host, client, () => true);
    if (own.length > 0) return own;
    for (const namespace of [service.namespace, this.rootNamespace]) {
      if (namespace === client.namespace) continue;
      const exported = (rule: Rule): boolean =>
        isExported(rule.spec.exportTo, namespace, client.namespace) && selectorOf(rule) === undefined;
      const found = this.#in(namespace, service.host, client, exported);
      if (found.length > 0) return found;
    }
    return [];
  }

  /** Whether every client gets the same rules for this service, or may get the same. */
  isUniform(service: Pick<MeshService, 'host' | 'namespace'>): boolean {
    const rules = this.covering(service.host);
    const homes = new Set(rules.map(({ metadata }) => metadata.namespace ?? 'default'));
    const [home] = homes;
    return (
      rules.length === 0 ||
      (homes.size === 1 &&
        (home === service.namespace || home === this.rootNamespace) &&
        rules.every(
          (rule) => isPublic(rule) && selectorOf(rule) === undefined && secretsOf(rule).length === 0,
        ))
    );
  }

  /** A rule that selects workloads goes before one that does not (Istio). */
  #in(namespace: string, host: string, { labels }: Client, accept: (rule: Rule) => boolean): readonly Rule[] {
    const claims = this.#byNamespace.get(namespace);
    if (claims === undefined) return [];
    const selects = (rule: Rule): boolean => carries(labels, selectorOf(rule) ?? {});
    const rules = claims.for(host, (rule) => accept(rule) && selects(rule));
    const chosen = rules.filter((rule) => selectorOf(rule) !== undefined);
    return chosen.length > 0 ? chosen : rules;
  }
}

function isPublic({ spec }: Rule): boolean {
  return spec.exportTo === undefined || spec.exportTo.length === 0 || spec.exportTo.includes('*');
}

function selectorOf({ spec }: Rule): Labels | undefined {
  const labels = spec.workloadSelector?.matchLabels;
  return labels === undefined || Object.keys(labels).length === 0 ? undefined : labels;
}

function secretsOf({ spec }: Rule): string[] {
  const policies = [spec.trafficPolicy, ...(spec.subsets ?? []).map(({ trafficPolicy }) => trafficPolicy)];
  return [...new Set(policies.flatMap(secretsOfPolicy))];
}

function secretsOfPolicy(policy: TrafficPolicy | undefined): string[] {
  const ports = policy?.portLevelSettings ?? [];
  return [policy?.tls, ...ports.map(({ tls }) => tls)].flatMap((tls) => tls?.credentialName ?? []);
}
