/**
 * How one workload's traffic is seen from outside: what its Telemetry objects and the settings of the mesh come to, for
 * the requests that it sends and for those that it receives.
 */
import type { Stored } from '#api/kinds/meta.ts';
import type { CustomTag, Telemetry } from '#api/kinds/telemetry.ts';
import { DEFAULT_SAMPLING, type MeshSettings } from '#api/mesh/mesh-settings.ts';
import { parseWorkload } from '#api/xds/node-metadata.ts';
import type { MeshService } from '../model/mesh-service.ts';
import type { PodFacts } from '../model/pod-facts.ts';
import type { AccessLogPlan } from './access-log-message.ts';
import { collectorCluster } from './collectors.ts';
import { type Envoy, planForEnvoy } from './envoys.ts';
import { mergeAccessLogs } from './merge-access-logs.ts';
import { type MetricsChoice, mergeMetrics } from './merge-metrics.ts';
import { type Mode, mergeTracing } from './merge-tracing.ts';
import { type Providers, TRACES_PROVIDER } from './providers.ts';
import { type Collector, collectorOf, type TracingPlan } from './tracing-message.ts';

/** How one side of a workload is seen, as plain data: equal text is an equal plan. */
export interface SidePlan {
  readonly tracing: TracingPlan | undefined;
  readonly accessLogs: readonly AccessLogPlan[];
  readonly metrics: MetricsChoice;
  /** Beside the server, or at a gateway: where a host header names nothing. */
  readonly atServer: boolean;
}

export interface Observed {
  readonly pod: Pick<PodFacts, 'namespace' | 'labels' | 'workload'>;
  readonly gateway: boolean;
  /** It is who it says it is. */
  readonly trusted: boolean;
  /** What its proxy is, where that is none of weft's. */
  readonly envoy?: Envoy | undefined;
}

/** What is known of the mesh. */
export interface Surroundings {
  readonly settings: MeshSettings;
  readonly providers: Providers;
  readonly services: ReadonlyMap<string, MeshService>;
  readonly meshId: string;
}

/** `telemetries`: those in force, the widest first. */
export function planSide(
  mode: Mode,
  telemetries: readonly Stored<Telemetry>[],
  observed: Observed,
  surroundings: Surroundings,
): SidePlan {
  const { providers } = surroundings;
  const sections = <Name extends 'metrics' | 'tracing'>(name: Name) =>
    telemetries.flatMap(({ spec }) => spec[name] ?? []) as NonNullable<Telemetry['spec'][Name]>;
  const isMetrics = (name: string) => providers.find(name)?.kind === 'metrics';
  const plan = {
    tracing: planTracing(mode, sections('tracing'), observed, surroundings),
    accessLogs: planAccessLogs(mode, telemetries, providers),
    metrics: mergeMetrics(sections('metrics'), mode, providers.defaults.metrics, isMetrics),
    atServer: mode === 'SERVER' || observed.gateway,
  };
  return observed.envoy === undefined ? plan : planForEnvoy(plan, observed.envoy);
}

function planTracing(
  mode: Mode,
  sections: NonNullable<Telemetry['spec']['tracing']>,
  observed: Observed,
  { settings, providers, services, meshId }: Surroundings,
): TracingPlan | undefined {
  const choice = mergeTracing(sections, mode, providers.defaults.tracing[0]);
  const provider = choice.provider === undefined ? undefined : providers.find(choice.provider);
  if (provider?.kind !== 'tracing') return undefined;
  const said = provider.collector;
  const collector = said === 'own' ? OWN : collectorIn(said, services, observed.trusted);
  if (collector === undefined) return undefined;
  const defaults = settings.defaultConfig.tracing;
  return {
    collector,
    serviceName: serviceName(observed.pod),
    sampling: choice.sampling ?? (defaults.sampling || DEFAULT_SAMPLING),
    tags: {
      ...(choice.istioTags ? istioTags(observed.pod, meshId) : {}),
      ...(choice.customTags ?? defaults.customTags),
    },
    maxPathTagLength: (said === 'own' ? undefined : said.maxTagLength) ?? defaults.maxPathTagLength,
    spawnsSpans: mode === 'CLIENT',
  };
}

const OWN: Collector = { cluster: TRACES_PROVIDER, authority: TRACES_PROVIDER };

function collectorIn(
  said: Parameters<typeof collectorOf>[0],
  services: ReadonlyMap<string, MeshService>,
  trusted: boolean,
): Collector | undefined {
  const cluster = collectorCluster(said, services);
  return cluster === undefined ? undefined : collectorOf(said, cluster, trusted);
}

/** Istio: where Telemetry objects come to no provider, `accessLogFile` says whether something is written. */
function planAccessLogs(
  mode: Mode,
  telemetries: readonly Stored<Telemetry>[],
  providers: Providers,
): AccessLogPlan[] {
  const levels = telemetries.map(({ spec }) => spec.accessLogging ?? []);
  const choices = [...mergeAccessLogs(levels, mode, providers.defaults.accessLogging)]
    .map(([name, choice]) => ({ provider: providers.find(name), ...choice }))
    .sort((a, b) => ((a.provider?.name ?? '') < (b.provider?.name ?? '') ? -1 : 1))
    .flatMap(({ provider, ...choice }) =>
      provider?.kind === 'accessLogging' ? [{ provider, ...choice }] : [],
    );
  if (choices.length > 0) {
    return choices.flatMap(({ provider, disabled, filter }) =>
      disabled ? [] : [{ ...provider.log, filter }],
    );
  }
  return providers.fallbackLog === undefined ? [] : [{ ...providers.fallbackLog, filter: undefined }];
}

/** Istio's name of a workload's spans: its label `app`, else the workload, and the namespace. */
function serviceName({ labels, namespace, workload }: Observed['pod']): string {
  return `${labels['app'] ?? parseWorkload(workload)?.workload ?? 'istio-proxy'}.${namespace}`;
}

/** Istio's tags of every span (`enableIstioTags`). */
function istioTags({ namespace, workload }: Observed['pod'], meshId: string): Record<string, CustomTag> {
  const {
    canonicalName = 'unknown',
    canonicalRevision = 'latest',
    cluster = 'unknown',
  } = parseWorkload(workload) ?? {};
  const tags = {
    'istio.canonical_revision': canonicalRevision,
    'istio.canonical_service': canonicalName,
    'istio.cluster_id': cluster,
    'istio.mesh_id': meshId,
    'istio.namespace': namespace,
  };
  return Object.fromEntries(Object.entries(tags).map(([name, value]) => [name, { literal: { value } }]));
}
