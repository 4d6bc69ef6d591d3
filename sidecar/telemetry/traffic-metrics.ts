import type { MirrorCounts } from '#sidecar/http/mirror.ts';
import { FOLDED_KINDS, type Folded } from './cardinality.ts';
import { UNKNOWN } from './labels.ts';
import { type ReadMetric, sample } from './text-format.ts';

/** What a scrape reads of the sidecar's traffic as a whole. */
export interface TrafficPicture {
  /** Of the mesh that started it; undefined when nobody said. */
  readonly version: string | undefined;
  readonly ready: boolean;
  readonly connected: boolean;
  readonly outbound: number;
  readonly inbound: number;
  readonly bound: number;
  readonly gate: { readonly limit: number; readonly refused: number };
  readonly mirrors: Readonly<MirrorCounts>;
  readonly folded: Readonly<Folded>;
}

export const TRAFFIC_METRICS: readonly ReadMetric<TrafficPicture>[] = [
  {
    name: 'istio_build',
    type: 'gauge',
    help: 'Which version this is.',
    labels: ['component', 'tag'],
    read: ({ version = UNKNOWN }) => [sample(1, { component: 'proxy', tag: version })],
  },
  {
    name: 'weft_sidecar_ready',
    type: 'gauge',
    help: 'Whether traffic is taken.',
    labels: [],
    read: ({ ready }) => Number(ready),
  },
  {
    name: 'weft_sidecar_discovery_connected',
    type: 'gauge',
    help: 'Whether the control plane is there.',
    labels: [],
    read: ({ connected }) => Number(connected),
  },
  {
    name: 'weft_sidecar_outbound_connections',
    type: 'gauge',
    help: 'Open outbound connections.',
    labels: [],
    read: ({ outbound }) => outbound,
  },
  {
    name: 'weft_sidecar_inbound_connections',
    type: 'gauge',
    help: 'Open inbound connections.',
    labels: [],
    read: ({ inbound }) => inbound,
  },
  {
    name: 'weft_sidecar_bound_connections',
    type: 'gauge',
    help: 'Open connections to listeners of its own.',
    labels: [],
    read: ({ bound }) => bound,
  },
  {
    name: 'weft_sidecar_connections_limit',
    type: 'gauge',
    help: 'How many connections may come in.',
    labels: [],
    read: ({ gate }) => gate.limit,
  },
  {
    name: 'weft_sidecar_connections_refused_total',
    type: 'counter',
    help: 'Connections that there was no room for.',
    labels: [],
    read: ({ gate }) => gate.refused,
  },
  {
    name: 'weft_sidecar_mirrored_requests_started_total',
    type: 'counter',
    help: "Copies of requests that were sent to mirrors; they are in none of Istio's metrics of their sender.",
    labels: [],
    read: ({ mirrors }) => mirrors.started,
  },
  {
    name: 'weft_sidecar_mirrored_requests_answered_total',
    type: 'counter',
    help: 'Those that were answered whole.',
    labels: [],
    read: ({ mirrors }) => mirrors.answered,
  },
  {
    name: 'weft_sidecar_mirrored_requests_dropped_total',
    type: 'counter',
    help: 'Those that were given up.',
    labels: [],
    read: ({ mirrors }) => mirrors.dropped,
  },
  {
    name: 'weft_sidecar_metrics_folded_total',
    type: 'counter',
    help: 'How often something had no series of its own, because there are enough of its kind, and was counted with others.',
    labels: ['kind'],
    read: ({ folded }) => FOLDED_KINDS.map((kind) => sample(folded[kind], { kind })),
  },
];
