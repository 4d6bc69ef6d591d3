/** The page of metrics: one section for each program, each from the descriptions that the program itself exposes them by. */
import type { Registry } from 'prom-client';
import { systemClock } from '#api/foundation/clock.ts';
import type { MetricDescription } from '#api/foundation/metric.ts';
import { createMetrics as createControlPlaneMetrics } from '#control-plane/monitoring/metrics.ts';
import { observeStore } from '#control-plane/monitoring/store-metrics.ts';
import { UntypedCounter } from '#control-plane/monitoring/untyped-counter.ts';
import { createPushMetrics } from '#control-plane/push/metrics.ts';
import type { Store } from '#control-plane/store/store.ts';
import { USAGE_METRICS } from '#node-runtime/metrics/container-usage.ts';
import { createNodeMetrics } from '#node-runtime/metrics/node-metrics.ts';
import { STATE_METRICS } from '#node-runtime/metrics/pod-states.ts';
import { DESCRIBED_METRICS } from '#sidecar/described-metrics.ts';
import {
  MAX_LEFT_OVER,
  MAX_OUTCOMES,
  MAX_OUTCOMES_EACH,
  MAX_OUTCOMES_OF_ONE,
  MAX_PEERS,
  MAX_PEERS_OF_ONE,
  MAX_SPECS,
  MAX_TAGGED,
  MAX_VALUE_LENGTH,
  MAX_VALUES_EACH,
} from '#sidecar/telemetry/cardinality.ts';
import { REQUEST_METRICS } from '#sidecar/telemetry/standard.ts';

interface Section {
  readonly title: string;
  /** Where they are scraped, and what has to be known of them together. */
  readonly intro: readonly string[];
  readonly metrics: readonly Described[];
}

/** What a row says. */
type Described = Pick<MetricDescription, 'name' | 'help' | 'labels'> & { readonly type: string };

interface PromMetric {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

const SECTIONS: readonly Section[] = [
  {
    title: 'Sidecar',
    intro: [
      'On port 15090 of a pod (`/stats/prometheus`, `/metrics`) stands what its sidecar tells; on port 15020 the same, and behind it what',
      'the app tells where the annotations `prometheus.io/port` and `prometheus.io/path` of its pod say. The app’s part is kept whole or',
      'left out whole: 4 MiB at most, in the text format, with no name of the sidecar’s.',
      '',
      'Names, labels, values and buckets of `istio_…` are Istio’s. `_bytes` count heads too. A request whose client went away before it was',
      'answered has `response_code="0"`. Copies of requests to mirrors count at the mirror like any request, and at their sender only in',
      '`weft_sidecar_mirrored_requests_…`. Connections count as they go; what is open has `response_flags="-"`.',
      '',
      `Istio’s labels: ${ticked(REQUEST_METRICS.requests_total.labels)}; those of connections are the same but for`,
      '`response_code` and `grpc_response_status`.',
      '',
      'What comes from the network cannot make series without end:',
      '',
      `- ${MAX_PEERS} pairs of peer and service for each protocol; further peers count as \`unknown\`, and services beyond as \`other\`.`,
      `- ${MAX_OUTCOMES} status codes and flags of all of them, ${MAX_OUTCOMES_EACH} for one; further ones count as \`response_code="0"\`.`,
      `- Of these ${MAX_PEERS_OF_ONE} and ${MAX_OUTCOMES_OF_ONE} for inbound requests of callers of one principal, or of none: whatever a caller says that it is, its page stays`,
      '  below 20 MB, and others have room for theirs. What further workloads of a principal ask for keeps the principal.',
      `- Tags that a Telemetry adds: ${MAX_VALUES_EACH} sets of values for one pair of peer and service, ${MAX_TAGGED} series in all, ${MAX_VALUE_LENGTH} characters`,
      '  of a value; further sets count as `other`.',
      `- What ways of changing metrics counted that no listener has any more stays on the page: the last ${MAX_SPECS} ways as they are, and ${MAX_LEFT_OVER}`,
      '  series of those before them.',
      '',
      'Sums stay exact, and `weft_sidecar_metrics_folded_total` says how often it happened.',
    ],
    metrics: DESCRIBED_METRICS,
  },
  {
    title: 'Control plane',
    intro: [
      'On the monitoring port (15014) of 127.0.0.1, `/metrics`. `pilot_…` are istiod’s names, labels and bounds (with finer bounds below,',
      'for what takes milliseconds here), `apiserver_…` kube-apiserver’s, `workqueue_…` client-go’s. What counts under a name that does',
      'not end in `_total` is untyped. Verbs and resources that do not exist, more than 16 versions of proxies and more than 200 proxies that',
      'refuse come under one value each. `process_…` and `nodejs_…` are prom-client’s.',
      '',
      '`/sd/prometheus` (`?role=control-plane`, `node` or `pod`) tells Prometheus what there is to scrape (`http_sd_configs`), with the labels of its',
      'own discovery of Kubernetes, `__meta_weft_role` and `__meta_weft_proxy` (`sidecar`, `gateway`, `none`).',
    ],
    metrics: controlPlaneMetrics(),
  },
  {
    title: 'Node',
    intro: [
      'On the node’s metrics port (10255) of 127.0.0.1. `/metrics`: `kubelet_…` and `prober_…` are kubelet’s names, `kube_pod_…` those of',
      'kube-state-metrics. `/metrics/cadvisor`: what each container uses, under cAdvisor’s names, read from the kernel at every scrape; a pod’s',
      'network as the pod sees it. `container_memory_failcnt` counts and is untyped, for its name does not end in `_total`.',
    ],
    metrics: [...described(nodeRegistry()), ...STATE_METRICS, ...USAGE_METRICS],
  },
];

function controlPlaneMetrics(): readonly Described[] {
  const { registry } = createControlPlaneMetrics();
  createPushMetrics(registry, { services: () => 0, virtualServices: () => 0 });
  observeStore({} as Store, { registry, clock: systemClock, path: '' });
  return described(registry);
}

function nodeRegistry(): Registry {
  return createNodeMetrics({ nodeName: '', version: '', nowMs: () => 0 }).registry;
}

/** What prom-client itself describes; its metrics of the process are left to its own pages. */
function described(registry: Registry): Described[] {
  const metrics = registry.getMetricsAsArray() as unknown as readonly PromMetric[];
  return metrics
    .filter(({ name }) => !/^(process|nodejs)_/.test(name))
    .map((metric) => {
      const { name, help, labelNames } = metric;
      const type = metric instanceof UntypedCounter ? 'untyped' : metric.constructor.name.toLowerCase();
      return { name, type, labels: labelNames, help };
    });
}

export function metricsPage(): string {
  const intro = [
    '# Metrics',
    '',
    'Written by `node scripts/reference.ts` from what the programs tell scrapers. All pages are in Prometheus’ text format 0.0.4.',
    '',
  ];
  return [...intro, ...SECTIONS.flatMap(section)].join('\n');
}

function section({ title, intro, metrics }: Section): string[] {
  return [
    `## ${title}`,
    '',
    ...intro,
    '',
    '| metric | type | labels | meaning |',
    '| --- | --- | --- | --- |',
    ...metrics.map(row),
    '',
  ];
}

function row({ name, type, labels, help }: Described): string {
  const shown = labels.length > MOST && name.startsWith('istio_') ? 'Istio’s' : ticked(labels);
  return `| \`${name}\` | ${type} | ${shown} | ${help} |`;
}

/** Two dozen in a row make a table that nobody reads. */
const MOST = 8;

function ticked(labels: readonly string[]): string {
  return labels.map((label) => `\`${label}\``).join(', ');
}
