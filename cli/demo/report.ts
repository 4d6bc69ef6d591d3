/** What the demo prints at its end. Pure; fits into 80 columns, with paths that do, and 40 lines. */

import type { Pod } from '#api/kinds/pod.ts';
import { podReason } from '#api/kinds/pod-columns.ts';
import type { Coverage } from '../addons/prometheus-targets.ts';
import { type Style, widthOf } from '../output/style.ts';
import { formatTable } from '../output/table.ts';
import type { Observed } from './traffic.ts';

export interface DemoReport {
  readonly pods: readonly Pod[];
  readonly before: Observed;
  readonly after: Observed;
  readonly pageUrl: string;
  /** Pages of the trace viewer, where there is one: of one whole trace, and of the search. */
  readonly traces: { readonly trace: string | undefined; readonly search: string } | undefined;
  readonly sidecarMetrics: string;
  readonly controlPlaneMetrics: string;
  /** How the reader calls weft. */
  readonly weft: string;
  readonly networking: string;
  /** Absent when none was asked for. */
  readonly prometheus?: (Coverage & { readonly url: string }) | undefined;
}

const VERSIONS = [
  ['v1', 'no stars'],
  ['v2', 'black stars'],
  ['v3', 'red stars'],
] as const;
const BAR = 20;
const LABEL = 16;
const COLUMN = 31;
const WHAT = 9;
/** Under a command that goes on. */
const NEXT_LINE = ' '.repeat(WHAT + 2);

export function formatReport(report: DemoReport, style: Style): string {
  return [
    section('Pods and their limits', style),
    podTable(report.pods),
    section('Who answered for reviews', style),
    split(report, style),
    section('Look', style),
    row('the page', report.pageUrl),
    row('metrics', `${report.sidecarMetrics}  (each pod has its own)`),
    row('', `${report.controlPlaneMetrics}  (control plane)`),
    watched(report),
    ...traceRows(report),
    section('Try', style),
    ...commands(report).map(
      ([what, command]) => `  ${style.dim(pad(what, WHAT))}${style.cyan(command)}
`,
    ),
  ].join('');
}

const section = (title: string, style: Style): string => `\n${style.bold(title)}\n`;
const row = (label: string, text: string): string => `  ${pad(label, LABEL)}${text}\n`;
const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)));

function traceRows({ traces }: DemoReport): string[] {
  if (traces === undefined) return [];
  const one = traces.trace === undefined ? [] : [row('a trace', traces.trace)];
  return [...one, row('all traces', traces.search)];
}

function watched({ prometheus }: DemoReport): string {
  if (prometheus === undefined) return '';
  const { url, targets, up, lacking } = prometheus;
  const state = lacking.length === 0 ? `${targets} targets, all up` : `${up} of ${up + lacking.length} up`;
  return row('Prometheus', `${url}  (${state})`);
}

/**
 * A rule of examples/prometheus: requests a second that arrived at each service. One parameter alone: with an `&` the
 * address would not be one word to a shell.
 */
const RATES = 'graph?g0.expr=service:istio_requests:rate1m';

function podTable(pods: readonly Pod[]): string {
  const rows = pods.map((pod) => {
    const { cpu = '-', memory = '-' } = pod.spec.containers[0]?.resources?.limits ?? {};
    return [pod.metadata.name ?? '', podReason(pod), pod.status?.podIP ?? '', String(cpu), String(memory)];
  });
  return formatTable(['Name', 'Status', 'IP', 'CPU', 'Memory'], rows, { indent: '  ' });
}

function split({ before, after }: DemoReport, style: Style): string {
  const header = `  ${' '.repeat(LABEL)}${pad('before: no rule, by latency', COLUMN)}after: 90 % v1, 10 % v2\n`;
  const bars = VERSIONS.map(([version, stars]) => {
    const label = `${version} ${stars}`;
    return row(label, `${pad(bar(before, version, style), COLUMN)}${bar(after, version, style)}`);
  });
  const latency = ({ p50Ms, p99Ms }: Observed): string => `${p50Ms.toFixed(1)} / ${p99Ms.toFixed(1)} ms`;
  return [
    style.dim(header),
    ...bars,
    row('p50 / p99', `${pad(latency(before), COLUMN)}${latency(after)}`),
    row('failed', `${pad(failures(before, style), COLUMN)}${failures(after, style)}`),
  ].join('');
}

function bar({ versions }: Observed, version: string, style: Style): string {
  const total = [...versions.values()].reduce((sum, count) => sum + count, 0);
  const share = total === 0 ? 0 : (versions.get(version) ?? 0) / total;
  const full = Math.round(share * BAR);
  const paint = version === 'v3' ? style.red : version === 'v2' ? style.yellow : style.green;
  return `${paint('█'.repeat(full))}${style.dim('░'.repeat(BAR - full))} ${`${Math.round(share * 100)} %`.padStart(5)}`;
}

function failures({ failed, firstFailure }: Observed, style: Style): string {
  return failed === 0 ? 'none' : style.red(`${failed} (${(firstFailure ?? '').slice(0, 24)})`);
}

/** As a shell takes it for one word. */
const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;

/** A few things to do next. */
function commands({ networking, pageUrl, prometheus, ...report }: DemoReport): (readonly [string, string])[] {
  const weft = quoted(report.weft);
  return [
    ...(prometheus === undefined ? [] : [['rates', `${prometheus.url}/${RATES}`] as const]),
    ['pods', `${weft} get pods -o wide`],
    [
      'half red',
      `${weft} apply --wait -f \\\n${NEXT_LINE}${quoted(`${networking}/virtual-service-reviews-50-v3.yaml`)}`,
    ],
    ['see it', `curl -s ${pageUrl} | grep -o 'stars, \\w*'`],
    ['routes', `${weft} proxy config deployment/productpage-v1 routes`],
    ['clean up', `${weft} down`],
  ];
}
