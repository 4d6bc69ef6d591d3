/** What of a Telemetry does nothing, or not what it says. */
import type { Stored } from '#api/kinds/meta.ts';
import { carries } from '#api/kinds/selectors.ts';
import type { Telemetry } from '#api/kinds/telemetry.ts';
import { MAX_METRIC_TAGS } from '#api/mesh/standard-metrics.ts';
import { byAge, keyOf } from '../model/host-match.ts';
import type { Inputs } from '../model/inputs.ts';
import { same } from '../model/same.ts';
import { collectorCluster } from '../telemetry/collectors.ts';
import { homeOf, isGeneral, selectorOf, telemetryFor } from '../telemetry/in-force.ts';
import { mergeMetrics } from '../telemetry/merge-metrics.ts';
import type { Provider, Providers } from '../telemetry/providers.ts';
import { type Finding, finding } from './finding.ts';
import { neverHolds } from './unmet-filters.ts';

const SECTIONS = ['tracing', 'metrics', 'accessLogging'] as const;
const PURPOSES = { tracing: 'tracing', metrics: 'metrics', accessLogging: 'access logs' } as const;

export function telemetryFindings(
  telemetry: Stored<Telemetry>,
  inputs: Inputs,
  providers: Providers,
): Finding[] {
  return [
    ...selectorFindings(telemetry, inputs),
    ...twinFindings(telemetry, inputs),
    ...SECTIONS.flatMap((section) => providerFindings(telemetry, section, inputs, providers)),
    ...tracingFindings(telemetry, inputs, providers),
    ...tagFindings(telemetry, inputs),
    ...filterFindings(telemetry),
  ];
}

function hint(path: string, what: string, reason: Finding['reason'] = 'UselessSetting'): Finding {
  return { ...finding(reason, path, what), hint: true };
}

function selectorFindings(telemetry: Stored<Telemetry>, inputs: Inputs): Finding[] {
  if (isGeneral(telemetry)) return [];
  const home = homeOf(telemetry);
  return inputs.workloads.podsIn(home).some(({ labels }) => carries(labels, selectorOf(telemetry)))
    ? []
    : [hint('spec.selector', `no pod of ${home} carries these labels`)];
}

/**
 * Istio: of several for a whole namespace the oldest speaks alone; those that select the same override one another where
 * they speak of the same.
 */
function twinFindings(telemetry: Stored<Telemetry>, inputs: Inputs): Finding[] {
  const key = keyOf(telemetry);
  const twins = [...inputs.telemetries.values()]
    .sort(byAge)
    .filter((other) => homeOf(other) === homeOf(telemetry) && same(selectorOf(other), selectorOf(telemetry)));
  const older = twins.slice(
    0,
    twins.findIndex((each) => keyOf(each) === key),
  );
  const [oldest] = older;
  if (isGeneral(telemetry)) {
    if (oldest === undefined) return [];
    const what = `the older Telemetry ${keyOf(oldest)} is for the whole namespace, and only one can be`;
    return [finding('TelemetryConflict', 'spec', what)];
  }
  return SECTIONS.filter((section) => saysOf(telemetry, section)).flatMap((section) => {
    const other = older.find((each) => saysOf(each, section));
    if (other === undefined) return [];
    const what = `the older Telemetry ${keyOf(other)} is for the same pods; what both say, this one decides`;
    return [hint(`spec.${section}`, what)];
  });
}

function saysOf({ spec }: Stored<Telemetry>, section: (typeof SECTIONS)[number]): boolean {
  return (spec[section] ?? []).length > 0;
}

function providerFindings(
  { spec }: Stored<Telemetry>,
  section: (typeof SECTIONS)[number],
  inputs: Inputs,
  providers: Providers,
): Finding[] {
  return (spec[section] ?? []).flatMap(({ providers: named = [] }, i) =>
    named.flatMap(({ name }, j): Finding[] => {
      const path = `spec.${section}[${i}].providers[${j}]`;
      if (section === 'tracing' && j > 0) return [hint(path, 'only the first provider is used')];
      const problem = providerProblem(name, section, providers.find(name), inputs);
      return problem === undefined ? [] : [finding('UnknownProvider', `${path}.name`, problem)];
    }),
  );
}

/** Why nothing comes of a provider's name, as one sentence; undefined when it can be used. */
export function providerProblem(
  name: string,
  section: Provider['kind'],
  provider: Provider | undefined,
  { services }: Pick<Inputs, 'services'>,
): string | undefined {
  if (provider === undefined) return `the mesh has no provider named ${name}`;
  if (provider.kind !== section)
    return `${name} is a provider of ${PURPOSES[provider.kind]}, not of ${PURPOSES[section]}`;
  if (provider.kind !== 'tracing' || provider.collector === 'own') return undefined;
  const { service, port } = provider.collector;
  return collectorCluster(provider.collector, services) === undefined
    ? `no service ${service} with port ${port} is there for ${name} to send to`
    : undefined;
}

function tracingFindings(telemetry: Stored<Telemetry>, inputs: Inputs, providers: Providers): Finding[] {
  const { tracing = [] } = telemetry.spec;
  if (tracing.length === 0 || tracing.every((section) => section.disableSpanReporting === true)) return [];
  const workload = { namespace: homeOf(telemetry), labels: selectorOf(telemetry) };
  const inForce = telemetryFor(workload, inputs.telemetries.values(), inputs.rootNamespace);
  const named = inForce.some(({ spec }) =>
    (spec.tracing ?? []).some((each) => (each.providers ?? []).length > 0),
  );
  return named || providers.defaults.tracing.length > 0
    ? []
    : [hint('spec.tracing', 'neither this nor the mesh names a provider: nothing is traced', 'NoProvider')];
}

/** Each object may be right, and what they come to too much for a sidecar: the last of them is told. */
function tagFindings(telemetry: Stored<Telemetry>, inputs: Inputs): Finding[] {
  if (!saysOf(telemetry, 'metrics')) return [];
  const workload = { namespace: homeOf(telemetry), labels: selectorOf(telemetry) };
  const inForce = telemetryFor(workload, inputs.telemetries.values(), inputs.rootNamespace);
  const last = inForce.at(-1);
  if (last === undefined || keyOf(last) !== keyOf(telemetry)) return [];
  const sections = inForce.flatMap(({ spec }) => spec.metrics ?? []);
  const crowded = (['CLIENT', 'SERVER'] as const)
    .flatMap((mode) => {
      const choice = mergeMetrics(sections, mode, [''], () => true);
      return choice === 'off' ? [] : [...choice];
    })
    .find(({ dimensions }) => dimensions.length > MAX_METRIC_TAGS);
  if (crowded === undefined) return [];
  const what = `istio_${crowded.name} comes to ${crowded.dimensions.length} tags; of these only ${MAX_METRIC_TAGS} are told`;
  return [hint('spec.metrics', what)];
}

function filterFindings({ spec }: Stored<Telemetry>): Finding[] {
  return (spec.accessLogging ?? []).flatMap(({ filter }, i) =>
    filter !== undefined && neverHolds(filter.expression)
      ? [hint(`spec.accessLogging[${i}].filter.expression`, 'holds for no request: nothing is written')]
      : [],
  );
}
