/**
 * What is wrong with a rule that was accepted: it names a host or a subset that is not there, or somebody older
 * speaks for its host. Found beside the resources, and again whenever something that the rule names changes.
 */
import { SETTINGS_NAME, SETTINGS_NAMESPACE } from '#api/mesh/mesh-settings.ts';
import { destinationFindings } from './diagnosis/destination-findings.ts';
import { destinationRuleFindings } from './diagnosis/destination-rule-findings.ts';
import type { Finding } from './diagnosis/finding.ts';
import { gatewayOwnFindings } from './diagnosis/gateway-own-findings.ts';
import { hostFindings } from './diagnosis/host-findings.ts';
import { delegateFindings, gatewayFindings } from './diagnosis/reference-findings.ts';
import { serviceEntryFindings } from './diagnosis/service-entry-findings.ts';
import { settingsFindings } from './diagnosis/settings-findings.ts';
import { telemetryFindings } from './diagnosis/telemetry-findings.ts';
import { unreachableRoutes } from './diagnosis/unreachable-routes.ts';
import type { Inputs } from './model/inputs.ts';
import type { Client } from './model/rule-book.ts';
import type { TrafficRules } from './model/traffic-rules.ts';
import type { Providers } from './telemetry/providers.ts';

/** The verdict on one rule. No findings: it is in effect as written. */
export interface Diagnosis {
  readonly kind:
    | 'VirtualService'
    | 'DestinationRule'
    | 'ServiceEntry'
    | 'Gateway'
    | 'Telemetry'
    | 'ConfigMap';
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
  return { kind: 'DestinationRule', key, findings: destinationRuleFindings(rule, inputs) };
}

/** Undefined when the entry is gone. */
export function diagnoseServiceEntry(key: string, inputs: Inputs): Diagnosis | undefined {
  const entry = inputs.serviceEntries.get(key);
  return entry && { kind: 'ServiceEntry', key, findings: serviceEntryFindings(entry, inputs) };
}

/** Undefined when the Gateway is gone. */
export function diagnoseGateway(key: string, inputs: Inputs): Diagnosis | undefined {
  const gateway = inputs.gateways.get(key);
  return gateway && { kind: 'Gateway', key, findings: gatewayOwnFindings(gateway, inputs) };
}

/** Undefined when the Telemetry is gone. */
export function diagnoseTelemetry(key: string, inputs: Inputs, providers: Providers): Diagnosis | undefined {
  const telemetry = inputs.telemetries.get(key);
  return telemetry && { kind: 'Telemetry', key, findings: telemetryFindings(telemetry, inputs, providers) };
}

/** The settings of the mesh. */
export function diagnoseSettings(inputs: Inputs, providers: Providers): Diagnosis {
  const key = `${SETTINGS_NAMESPACE}/${SETTINGS_NAME}`;
  return { kind: 'ConfigMap', key, findings: settingsFindings(inputs, providers) };
}
