import type { ReadMetric } from '#sidecar/telemetry/text-format.ts';
import type { LineSink } from './line-sink.ts';

export const ACCESS_LOG_METRICS: readonly ReadMetric<Pick<LineSink, 'written' | 'dropped'>>[] = [
  {
    name: 'weft_sidecar_access_log_written_total',
    type: 'counter',
    help: 'Lines of access logs that were written.',
    labels: [],
    read: ({ written }) => written,
  },
  {
    name: 'weft_sidecar_access_log_dropped_total',
    type: 'counter',
    help: 'Lines of access logs that were lost, since nobody read them in time.',
    labels: [],
    read: ({ dropped }) => dropped,
  },
];
