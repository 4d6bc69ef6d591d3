/**
 * What is wrong with a rule that was accepted: it names a host or a subset that is not there, or somebody older
 * speaks for its host. Found beside the resources, and again whenever something that the rule names changes.
 */
import { destinationFindings } from './diagnosis/destination-findings.ts';
import type { Finding } from './diagnosis/finding.ts';
import { hostFindings } from './diagnosis/host-findings.ts';
import { delegateFindings, gatewayFindings } from './diagnosis/reference-findings.ts';
import { unreachableRoutes } from './diagnosis/unreachable-routes.ts';
import { keyOf } from './model/host-match.ts';
import type { Inputs } from './model/inputs.ts';
import type { Client } from './model/rule-book.ts';
import type { TrafficRules } from './model/traffic-rules.ts';

/** The verdict on one rule. No findings: it is in effect as written. */
export interface Diagnosis {
  readonly kind: 'VirtualService' | 'DestinationRule';
  readonly key: string;
  readonly findings: readonly Finding[];
}

/** Undefined when the rule is gone. */
export function diagnoseVirtualService(
  key: string,
  inputs: Inputs,
  rules: { trafficRules(host: string, client: Client): TrafficRules },
): Diagnosis | undefined {
  const rule = inputs.virtualServices.get(key);
  if (rule === undefined) return undefined;
  const client: Client = { namespace: rule.metadata.namespace ?? 'default', labels: {} };
  const findings = [
    ...hostFindings(rule, inputs),
    ...gatewayFindings(rule, inputs),
    ...delegateFindings(rule, inputs),
    ...destinationFindings(rule, inputs, (host) => rules.trafficRules(host, client)),
    ...unreachableRoutes(rule.spec),
  ];
  return { kind: 'VirtualService', key, findings };
}

/** Undefined when the rule is gone. */
export function diagnoseDestinationRule(key: string, inputs: Inputs): Diagnosis | undefined {
  const rule = inputs.destinationRules.get(key);
  if (rule === undefined) return undefined;
  const known = inputs.destinationRules.hostsOf(key).some((host) => inputs.servicesUnder(host).length > 0);
  const findings: Finding[] = known
    ? duplicateSubsets(key, inputs)
    : [{ reason: 'UnknownHost', message: `spec.host: no service is named ${rule.spec.host}` }];
  return { kind: 'DestinationRule', key, findings };
}

function duplicateSubsets(key: string, inputs: Inputs): Finding[] {
  return inputs.destinationRules.hostsOf(key).flatMap((host) => {
    const older = olderThan(key, inputs.destinationRules.on(host));
    const names = new Set(inputs.destinationRules.get(key)?.spec.subsets?.map(({ name }) => name));
    return older.flatMap((rule) =>
      (rule.spec.subsets ?? [])
        .filter(({ name }) => names.has(name))
        .map(
          ({ name }): Finding => ({
            reason: 'HostConflict',
            message: `spec.subsets: ${name} of ${host} is defined by the older DestinationRule ${keyOf(rule)}`,
          }),
        ),
    );
  });
}

function olderThan<Rule extends Parameters<typeof keyOf>[0]>(
  key: string,
  oldestFirst: readonly Rule[],
): Rule[] {
  return oldestFirst.slice(
    0,
    oldestFirst.findIndex((rule) => keyOf(rule) === key),
  );
}
