/** The page of metrics: one section for each program, each from the descriptions that the program itself exposes them by. */
import type { MetricDescription } from '#api/foundation/metric.ts';
import { APP_METRICS } from '#sidecar/admin/app-metrics.ts';
import {
  MAX_OUTCOMES,
  MAX_OUTCOMES_EACH,
  MAX_PEERS,
  MAX_SPECS,
  MAX_TAGGED,
  MAX_VALUE_LENGTH,
  MAX_VALUES_EACH,
} from '#sidecar/telemetry/cardinality.ts';
import { SIDECAR_METRICS } from '#sidecar/telemetry/sidecar-metrics.ts';
import { REQUEST_METRICS } from '#sidecar/telemetry/standard.ts';

interface Section {
  readonly title: string;
  /** Where they are scraped, and what has to be known of them together. */
  readonly intro: readonly string[];
  readonly metrics: readonly MetricDescription[];
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
      `- Tags that a Telemetry adds: ${MAX_VALUES_EACH} sets of values for one pair of peer and service, ${MAX_TAGGED} series in all, ${MAX_VALUE_LENGTH} characters`,
      '  of a value; further sets count as `other`.',
      `- ${MAX_SPECS} ways of changing metrics side by side; the one that was asked for the longest ago goes with its counts.`,
      '',
      'Sums stay exact, and `weft_sidecar_metrics_folded_total` says how often it happened.',
    ],
    metrics: [...SIDECAR_METRICS, ...APP_METRICS],
  },
];

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

function row({ name, type, labels, help }: MetricDescription): string {
  const shown = labels.length > MOST ? 'Istio’s' : ticked(labels);
  return `| \`${name}\` | ${type} | ${shown} | ${help} |`;
}

/** Two dozen in a row make a table that nobody reads. */
const MOST = 8;

function ticked(labels: readonly string[]): string {
  return labels.map((label) => `\`${label}\``).join(', ');
}
