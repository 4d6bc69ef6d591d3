import { readFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import type { Clock } from '#api/foundation/clock.ts';
import { messageOf, WeftError } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import { type Page, type PageServer, startPages } from '#api/foundation/page-server.ts';
import type { CgroupLayout } from '../resources/cgroup-layout.ts';
import { usageText } from './container-usage.ts';
import { CONTENT_TYPE } from './exposition.ts';
import { parseLinkCounters } from './link-counters.ts';
import type { NodeMetrics } from './node-metrics.ts';
import { statesText } from './pod-states.ts';
import { readStats } from './read-stats.ts';
import type { Resident } from './resident.ts';
import { shared } from './shared.ts';

export interface MetricsServerOptions {
  readonly port: number;
  readonly metrics: NodeMetrics;
  readonly layout: CgroupLayout;
  readonly clock: Clock;
  readonly logger: Logger;
  residents(): readonly Resident[];
}

/**
 * `/metrics`, `/metrics/cadvisor` and `/healthz` on 127.0.0.1. Pods matter more than their metrics: where the port
 * cannot be had that is said, and the node goes on without; the result is undefined.
 */
export async function startMetricsServer(options: MetricsServerOptions): Promise<PageServer | undefined> {
  const { port, metrics, residents, logger } = options;
  const cadvisor = shared(() => containerUsage(options));
  try {
    return await startPages({
      port,
      setting: 'nodeMetricsPort',
      pages: {
        '/metrics': async () => {
          const counted = await metrics.registry.metrics();
          const states = statesText(residents(), (uid, container) => metrics.memory.backOffs(uid, container));
          return { text: `${counted.trimEnd()}\n${states}`, type: CONTENT_TYPE };
        },
        '/metrics/cadvisor': async () => ({ text: await cadvisor(), type: CONTENT_TYPE }),
        '/healthz': (): Page => ({ text: 'ok' }),
      },
    });
  } catch (error) {
    const remedy = error instanceof WeftError ? error.remedy : undefined;
    logger.error('the node has no metrics', { reason: messageOf(error), remedy });
    return undefined;
  }
}

async function containerUsage(options: MetricsServerOptions): Promise<string> {
  const { clock, layout, metrics } = options;
  const residents = options.residents();
  const cgroups = residents.flatMap(({ containers }) =>
    containers.flatMap(({ cgroup, stage }) => (stage.at === 'absent' ? [] : [cgroup])),
  );
  const [{ stats, complete }, links] = await Promise.all([
    readStats(layout, cgroups, clock),
    readFile('/proc/net/dev', 'latin1').then(parseLinkCounters),
  ]);
  return usageText({
    residents,
    stats,
    links,
    complete,
    oomKills: ({ uid }, { name, record }, stats) =>
      metrics.memory.oomKills(uid, name, record.attempt, stats?.oomKills),
    machine: { cores: availableParallelism(), memoryBytes: totalmem() },
    wallMs: clock.wallMs(),
  });
}
