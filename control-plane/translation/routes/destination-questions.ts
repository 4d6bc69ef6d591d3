import type { DestinationRule } from '#api/kinds/destination-rule.ts';
import type { RuleBook } from '../model/rule-book.ts';
import type { Settings } from '../model/traffic-rules.ts';
import { allQuestions, type Questions, questionsOfDestinationRule } from './audience.ts';
import type { ResolvedRule } from './resolved-rule.ts';

/** Routes say what is hashed, so they differ where the DestinationRules that ask for a hash differ between clients. */
export function hashQuestions(host: string, rules: readonly ResolvedRule[], book: RuleBook): Questions {
  const routes = rules.flatMap(({ http }) => http.flatMap(({ route = [] }) => route));
  const hosts = routes.map(({ destination }) => destination.host);
  return settingQuestions([host, ...hosts], book, (policy) => policy.loadBalancer?.consistentHash);
}

/** Listeners say how long opaque connections may last, in the same way. */
export function limitQuestions(host: string, rules: readonly ResolvedRule[], book: RuleBook): Questions {
  const routes = rules.flatMap(({ tcp, tls }) => [...tcp, ...tls].flatMap(({ route }) => route));
  const hosts = routes.map(({ destination }) => destination.host);
  const limit = ({ connectionPool }: Settings) =>
    connectionPool?.tcp?.idleTimeout ?? connectionPool?.tcp?.maxConnectionDuration;
  return settingQuestions([host, ...hosts], book, limit);
}

/** Of hosts for which some DestinationRule has the setting. */
function settingQuestions(
  hosts: readonly string[],
  book: RuleBook,
  setting: (settings: Settings) => unknown,
): Questions {
  return allQuestions(
    [...new Set(hosts)].flatMap((host) => {
      const covering = book.covering(host);
      const said = covering.some(({ spec }) =>
        policiesOf(spec).some((policy) => setting(policy) !== undefined),
      );
      return said ? covering.map(questionsOfDestinationRule) : [];
    }),
  );
}

/** Every policy of a rule, and of its ports. */
function policiesOf({ trafficPolicy, subsets = [] }: DestinationRule['spec']): Settings[] {
  const policies = [trafficPolicy, ...subsets.map((subset) => subset.trafficPolicy)];
  return policies.flatMap((policy) =>
    policy === undefined ? [] : [policy, ...(policy.portLevelSettings ?? [])],
  );
}
