/**
 * What is wrong with a rule that was accepted: it names a host or a subset that is not there, or somebody older
 * speaks for its host. Found beside the resources, and again whenever something that the rule names changes.
 */
import type { Stored } from '#api/kinds/meta.ts';
import type { Destination, VirtualService } from '#api/kinds/virtual-service.ts';
import { keyOf } from './model/host-match.ts';
import type { Inputs } from './model/inputs.ts';
import type { TrafficRules } from './model/traffic-rules.ts';
import { destinationHost } from './routes/destination.ts';

export interface Finding {
  readonly reason: 'UnknownHost' | 'UnknownPort' | 'UnknownSubset' | 'HostConflict' | 'HostNotAllowed';
  /** One sentence: where in the object, and what. */
  readonly message: string;
}

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
  rules: { trafficRules(host: string): TrafficRules },
): Diagnosis | undefined {
  const rule = inputs.virtualServices.get(key);
  if (rule === undefined) return undefined;
  const findings = [...hostFindings(rule, inputs), ...destinationFindings(rule, inputs, rules)];
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

function hostFindings(rule: Stored<VirtualService>, inputs: Inputs): Finding[] {
  const key = keyOf(rule);
  const meshSuffix = `.svc.${inputs.options.clusterDomain}`;
  const findings: Finding[] = [];
  if (rule.spec.hosts?.includes('*') === true) {
    findings.push({ reason: 'HostNotAllowed', message: 'spec.hosts: * claims every host of the mesh' });
  }
  for (const host of inputs.virtualServices.hostsOf(key)) {
    const winner = inputs.virtualServices.on(host)[0];
    if (winner !== undefined && keyOf(winner) !== key) {
      const message = `spec.hosts: ${host} belongs to the older VirtualService ${keyOf(winner)}`;
      findings.push({ reason: 'HostConflict', message });
    } else if (host.endsWith(meshSuffix) && inputs.servicesUnder(host).length === 0) {
      findings.push({ reason: 'UnknownHost', message: `spec.hosts: no service is named ${host}` });
    }
  }
  return findings;
}

function destinationFindings(
  rule: Stored<VirtualService>,
  inputs: Inputs,
  rules: { trafficRules(host: string): TrafficRules },
): Finding[] {
  return (rule.spec.http ?? []).flatMap(({ route = [] }, i) =>
    route.flatMap(({ destination }, j) => {
      const finding = destinationFinding(rule, destination, inputs, rules);
      const path = `spec.http[${i}].route[${j}].destination`;
      return finding === undefined ? [] : [{ ...finding, message: `${path}: ${finding.message}` }];
    }),
  );
}

function destinationFinding(
  rule: Stored<VirtualService>,
  destination: Destination,
  inputs: Inputs,
  rules: { trafficRules(host: string): TrafficRules },
): Finding | undefined {
  const host = destinationHost(destination, {
    namespace: rule.metadata.namespace ?? 'default',
    domain: inputs.options.clusterDomain,
    service: (name) => inputs.services.get(name),
  });
  const service = inputs.services.get(host);
  if (service === undefined) return { reason: 'UnknownHost', message: `no service is named ${host}` };
  const port = destination.port?.number;
  if (port !== undefined && !service.ports.some(({ number }) => number === port)) {
    return { reason: 'UnknownPort', message: `the service ${host} has no port ${port}` };
  }
  const { subset } = destination;
  if (subset === undefined || subset === '') return undefined;
  return rules.trafficRules(host).subsets.some(({ name }) => name === subset)
    ? undefined
    : { reason: 'UnknownSubset', message: `no DestinationRule defines the subset ${subset} of ${host}` };
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
