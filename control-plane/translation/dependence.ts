/** Whether what a service's clients get depends on who they are, and on what of them. */
import type { TrafficPolicy } from '#api/kinds/traffic-policy.ts';
import type { MeshClient } from './model/client.ts';
import { isExported } from './model/export-to.ts';
import { compare } from './model/host-match.ts';
import { formatLocality } from './model/locality.ts';
import type { MeshService } from './model/mesh-service.ts';
import type { RuleBook } from './model/rule-book.ts';
import type { TrafficRules } from './model/traffic-rules.ts';

export interface Dependence {
  readonly service: MeshService;
  /** Endpoints are ranked by where the client is. */
  readonly localized: boolean;
  /** Labels of the client that decide on a ranking. */
  readonly labels: readonly string[];
  /** Credentials come from the client's namespace. */
  readonly credentials: boolean;
  /** Every subset that some client may know. */
  readonly subsets: readonly string[];
}

/** Undefined: every client gets the same. */
export function dependenceOf(service: MeshService, book: RuleBook): Dependence | undefined {
  const rules = book.covering(service.host);
  const policies = rules.flatMap(({ spec }) => [
    ...layers(spec.trafficPolicy),
    ...(spec.subsets ?? []).flatMap(({ trafficPolicy }) => layers(trafficPolicy)),
  ]);
  const localized = policies.some(
    ({ outlierDetection, loadBalancer }) =>
      outlierDetection !== undefined || (loadBalancer?.localityLbSetting?.distribute ?? []).length > 0,
  );
  if (!localized && service.exportTo.length === 0 && book.isUniform(service)) return undefined;
  const labels = policies.flatMap(
    ({ loadBalancer }) => loadBalancer?.localityLbSetting?.failoverPriority ?? [],
  );
  const subsets = rules.flatMap(({ spec }) => (spec.subsets ?? []).map(({ name }) => name));
  return {
    service,
    localized,
    labels: [...new Set(labels.map((label) => label.split('=', 1)[0] ?? ''))].sort(compare),
    credentials: policies.some(({ tls }) => tls?.credentialName !== undefined),
    subsets: [...new Set(subsets)],
  };
}

/** The same for clients that get the same; `rules` are those in force for the client. */
export function audienceKey(
  { service, localized, labels, credentials }: Dependence,
  rules: TrafficRules,
  client: MeshClient,
): string {
  if (!isExported(service.exportTo, service.namespace, client.namespace)) return '';
  return JSON.stringify([
    rules.sources,
    credentials && client.trusted ? client.namespace : '',
    localized ? formatLocality(client.locality) : '',
    labels.map((label) => client.labels[label] ?? ''),
  ]);
}

/** A policy and its ports' settings. */
function layers(policy: TrafficPolicy | undefined): Omit<TrafficPolicy, 'portLevelSettings'>[] {
  return policy === undefined ? [] : [policy, ...(policy.portLevelSettings ?? [])];
}
