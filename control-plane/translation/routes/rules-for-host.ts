import { isWildcard, keyOf, wildcardCovers } from '../model/host-match.ts';
import type { Inputs } from '../model/inputs.ts';
import { MESH } from './reader.ts';
import { type ResolvedRule, resolveRule } from './resolved-rule.ts';

/**
 * The VirtualServices that speak for a host to sidecars, whoever may see them: the most specific claim first, and
 * the oldest among equals.
 */
export function meshRulesFor(host: string, inputs: Inputs): ResolvedRule[] {
  const { virtualServices } = inputs;
  const rules = [...new Set(virtualServices.covering(host))];
  const weight = new Map(
    rules.map((rule) => [rule, specificity(host, virtualServices.hostsOf(keyOf(rule)))]),
  );
  return rules
    .sort((a, b) => weight.get(b)! - weight.get(a)!)
    .map((rule) => resolve(rule, inputs))
    .filter(({ gateways }) => gateways.includes(MESH));
}

/** A VirtualService as it is in effect, its delegates' routes among its own. */
export function resolve(rule: ResolvedRule['rule'], inputs: Inputs): ResolvedRule {
  return resolveRule(rule, {
    domain: inputs.options.clusterDomain,
    rule: (key) => inputs.virtualServices.get(key),
  });
}

/** The longer the claim, the more it says; a full name says most. */
function specificity(host: string, claims: readonly string[]): number {
  if (claims.includes(host)) return Number.POSITIVE_INFINITY;
  const covering = claims.filter((claim) => isWildcard(claim) && wildcardCovers(claim, host));
  return Math.max(...covering.map(({ length }) => length));
}
