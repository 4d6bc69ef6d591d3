/**
 * Which rule (VirtualService, DestinationRule) speaks for which host. A host is claimed by its full name or by a
 * wildcard; the most specific claim wins, and among equals the oldest rule.
 */
import { type Aged, byAge, isWildcard, keyOf, wildcardCovers } from './host-match.ts';

export class Claims<Rule extends Aged> {
  readonly #byHost = new Map<string, Rule[]>();
  readonly #wildcards = new Set<string>();
  readonly #byKey = new Map<string, { rule: Rule; hosts: readonly string[] }>();

  get(key: string): Rule | undefined {
    return this.#byKey.get(key)?.rule;
  }

  rules(): Iterable<Rule> {
    return this.#byKey.values().map((entry) => entry.rule);
  }

  /** Replaces the rule `key`; undefined removes it. Returns the hosts that were or are claimed by it. */
  put(key: string, rule: Rule | undefined, hosts: readonly string[]): string[] {
    const before = this.#byKey.get(key)?.hosts ?? [];
    for (const host of before) this.#release(host, key);
    this.#byKey.delete(key);
    if (rule !== undefined) {
      this.#byKey.set(key, { rule, hosts });
      for (const host of new Set(hosts)) this.#claim(host, rule);
    }
    return [...new Set([...before, ...hosts])];
  }

  hostsOf(key: string): readonly string[] {
    return this.#byKey.get(key)?.hosts ?? [];
  }

  /** The hosts that somebody claims, as written. */
  claimed(): Iterable<string> {
    return this.#byHost.keys();
  }

  /** The claims on exactly `host`, oldest first. */
  on(host: string): readonly Rule[] {
    return this.#byHost.get(host) ?? [];
  }

  /** The claims that speak for a service: those on its name, or else on the longest wildcard that covers it. */
  for(host: string): readonly Rule[] {
    const exact = this.#byHost.get(host);
    if (exact !== undefined) return exact;
    let best = '';
    for (const wildcard of this.#wildcards) {
      if (wildcard.length > best.length && wildcardCovers(wildcard, host)) best = wildcard;
    }
    return this.#byHost.get(best) ?? [];
  }

  #claim(host: string, rule: Rule): void {
    this.#byHost.set(host, [...this.on(host), rule].sort(byAge));
    if (isWildcard(host)) this.#wildcards.add(host);
  }

  #release(host: string, key: string): void {
    const rest = this.on(host).filter((rule) => keyOf(rule) !== key);
    if (rest.length > 0) {
      this.#byHost.set(host, rest);
      return;
    }
    this.#byHost.delete(host);
    this.#wildcards.delete(host);
  }
}
