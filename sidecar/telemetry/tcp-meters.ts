import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type { OutcomeBudget } from './cardinality.ts';
import type { Labels } from './labels.ts';
import type { CompiledGroup } from './request-meters.ts';
import type { TcpMetric } from './standard.ts';
import type { ConnectionRecord } from './stream-record.ts';
import { visible } from './tag-plan.ts';
import { ByTagValues } from './tag-values.ts';
import { TcpSeries } from './tcp-series.ts';
import type { TcpMeter } from './telemetry.ts';

/** The series of one (reporter, peer, service): those of a connection are chosen when it begins. */
export interface TcpSeriesSet {
  meter(record: ConnectionRecord | undefined): TcpMeter;
  readonly series: Iterable<TcpSeries>;
}

export function tcpSeriesSet(
  labels: Labels,
  groups: readonly CompiledGroup<TcpMetric>[],
  budget: OutcomeBudget,
): TcpSeriesSet {
  const sets = groups.map((group) => setOf(visible(labels, group.hidden), group, budget));
  return {
    meter(record) {
      const meters = sets.map((set) => set.meter(record));
      const [only] = meters;
      return meters.length === 1 && only !== undefined ? only : new SeveralTcp(meters);
    },
    get series() {
      return sets.flatMap((set) => [...set.series]);
    },
  };
}

function setOf(labels: Labels, group: CompiledGroup<TcpMetric>, budget: OutcomeBudget): TcpSeriesSet {
  if (group.tags.length === 0) {
    const only = new TcpSeries(labels, group);
    return { series: [only], meter: () => only };
  }
  const byValues = new ByTagValues(group.tags, budget, (tags) => {
    budget.take();
    return new TcpSeries({ ...labels, ...tags }, group);
  });
  return {
    meter: (record) => byValues.find(record),
    get series() {
      return byValues.all;
    },
  };
}

/** None at all when every metric is dropped. */
class SeveralTcp implements TcpMeter {
  readonly #meters: readonly TcpMeter[];

  constructor(meters: readonly TcpMeter[]) {
    this.#meters = meters;
  }

  opened(): void {
    for (const meter of this.#meters) meter.opened();
  }

  closed(flag: ResponseFlag): void {
    for (const meter of this.#meters) meter.closed(flag);
  }

  sent(bytes: number): void {
    for (const meter of this.#meters) meter.sent(bytes);
  }

  received(bytes: number): void {
    for (const meter of this.#meters) meter.received(bytes);
  }
}
