import { readdirSync } from 'node:fs';
import type { Registry } from 'prom-client';

/** A gauge's name, what it says, and where its value is read when it is scraped. */
export interface GaugeSource {
  readonly name: string;
  readonly help: string;
  readonly read: () => number;
}

/** The process metrics that prom-client's default set would give, without its event-loop timer, which wakes idle sidecars. */
const PROCESS_GAUGES: readonly GaugeSource[] = [
  {
    name: 'process_cpu_seconds_total',
    help: 'User and system CPU time, seconds.',
    read: () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
  },
  {
    name: 'process_resident_memory_bytes',
    help: 'Resident memory.',
    read: () => process.memoryUsage.rss(),
  },
  {
    name: 'process_start_time_seconds',
    help: 'Start of the process, seconds since the epoch.',
    read: () => performance.timeOrigin / 1000,
  },
  { name: 'process_open_fds', help: 'Open file descriptors.', read: openFiles },
  {
    name: 'nodejs_heap_size_used_bytes',
    help: 'Used heap.',
    read: () => process.memoryUsage().heapUsed,
  },
];

/**
 * Metrics that are few and read when scraped. prom-client is loaded by the first scrape: a sidecar starts without it.
 */
export function createGauges(sources: readonly GaugeSource[]): () => Promise<string> {
  let registry: Promise<Registry> | undefined;
  return async () => {
    registry ??= register([...PROCESS_GAUGES, ...sources]);
    return (await registry).metrics();
  };
}

async function register(sources: readonly GaugeSource[]): Promise<Registry> {
  const { Gauge, Registry } = await import('prom-client');
  const registry = new Registry();
  for (const { name, help, read } of sources) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  }
  return registry;
}

function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return 0;
  }
}
