import type { DestinationRule } from '#api/kinds/destination-rule.ts';
import type { TrafficPolicy } from '#api/kinds/traffic-policy.ts';
import type { RuleBook } from '../model/rule-book.ts';
import { allQuestions, type Questions, questionsOfDestinationRule } from './audience.ts';
import type { ResolvedRule } from './resolved-rule.ts';

/** Routes say what is hashed, so they differ where the DestinationRules that ask for a hash differ between clients. */
export function hashQuestions(host: string, rules: readonly ResolvedRule[], book: RuleBook): Questions {
  const hosts = rules.flatMap(({ http }) =>
    http.flatMap(({ route = [] }) => route.map(({ destination }) => destination.host)),
  );
  return allQuestions(
    [...new Set([host, ...hosts])].flatMap((destination) => {
      const covering = book.covering(destination);
      return covering.some(({ spec }) => asksForHash(spec)) ? covering.map(questionsOfDestinationRule) : [];
    }),
  );
}

function asksForHash({ trafficPolicy, subsets = [] }: DestinationRule['spec']): boolean {
  return [trafficPolicy, ...subsets.map((subset) => subset.trafficPolicy)].some(hashes);
}

function hashes(policy: TrafficPolicy | undefined): boolean {
  return [policy, ...(policy?.portLevelSettings ?? [])].some(
    (settings) => settings?.loadBalancer?.consistentHash !== undefined,
  );
}
