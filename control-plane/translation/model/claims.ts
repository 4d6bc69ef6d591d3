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

  get size(): number {
    return this.#byKey.size;
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

  /**
   * The claims that speak for a service: those on its name, or else on the longest wildcard that covers it. Only
   * claims that `accept` takes count.
   */
  for(host: string, accept: (rule: Rule) => boolean = () => true): readonly Rule[] {
    const exact = this.on(host).filter(accept);
    if (exact.length > 0) return exact;
    let best: readonly Rule[] = [];
    let length = 0;
    for (const wildcard of this.#wildcards) {
      if (wildcard.length <= length || !wildcardCovers(wildcard, host)) continue;
      const rules = this.on(wildcard).filter(accept);
      if (rules.length === 0) continue;
      best = rules;
      length = wildcard.length;
    }
    return best;
  }

  /** Every claim that speaks of `host`, by its name or by any wildcard. */
  covering(host: string): Rule[] {
    const wildcards = [...this.#wildcards].filter(
      (wildcard) => wildcard !== host && wildcardCovers(wildcard, host),
    );
    return [host, ...wildcards].flatMap((claim) => this.on(claim));
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
