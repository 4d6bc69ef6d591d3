/** `/metrics/cadvisor`: what each container uses, under cAdvisor's names and labels (metrics/prometheus.go). Pure. */
import type { ContainerStats } from './cgroup-stats.ts';
import { Exposition, type Family, type FamilyType, written } from './exposition.ts';
import { type LinkCounters, mirrored } from './link-counters.ts';
import type { Resident, ResidentContainer } from './resident.ts';

export interface UsageInputs {
  readonly residents: readonly Resident[];
  /** By cgroup. */
  readonly stats: ReadonlyMap<string, ContainerStats>;
  /** The host's links by name. */
  readonly links: ReadonlyMap<string, LinkCounters>;
  /** Kills for want of memory in all attempts of a container. */
  readonly oomKills: (
    resident: Resident,
    container: ResidentContainer,
    stats: ContainerStats | undefined,
  ) => number;
  readonly complete: boolean;
  readonly machine: { readonly cores: number; readonly memoryBytes: number };
  readonly wallMs: number;
}

type Measure = readonly [
  name: string,
  type: FamilyType,
  help: string,
  value: (stats: ContainerStats) => number | undefined,
];

const MEASURES: readonly Measure[] = [
  ['container_cpu_user_seconds_total', 'counter', 'Seconds of CPU in user mode.', (s) => s.cpuUserSeconds],
  [
    'container_cpu_system_seconds_total',
    'counter',
    'Seconds of CPU in the kernel.',
    (s) => s.cpuSystemSeconds,
  ],
  ['container_cpu_cfs_periods_total', 'counter', 'Periods of the CPU ceiling.', (s) => s.periods],
  [
    'container_cpu_cfs_throttled_periods_total',
    'counter',
    'Periods in which the CPU ceiling was reached.',
    (s) => s.throttledPeriods,
  ],
  [
    'container_cpu_cfs_throttled_seconds_total',
    'counter',
    'Seconds held back by the CPU ceiling.',
    (s) => s.throttledSeconds,
  ],
  ['container_spec_cpu_quota', 'gauge', 'CPU ceiling in microseconds a period.', (s) => s.cpuQuota],
  ['container_spec_cpu_period', 'gauge', 'Period of the CPU ceiling in microseconds.', (s) => s.cpuPeriod],
  ['container_spec_cpu_shares', 'gauge', 'Share of the CPU beside others.', (s) => s.cpuShares],
  ['container_memory_usage_bytes', 'gauge', 'Memory in use, caches included.', (s) => s.memoryUsage],
  [
    'container_memory_working_set_bytes',
    'gauge',
    'Memory in use without file pages that were not touched lately.',
    (s) => s.memoryWorkingSet,
  ],
  ['container_memory_rss', 'gauge', 'Anonymous memory in bytes.', (s) => s.memoryRss],
  ['container_memory_cache', 'gauge', 'File pages in bytes.', (s) => s.memoryCache],
  ['container_memory_max_usage_bytes', 'gauge', 'The most memory that was ever in use.', (s) => s.memoryMax],
  ['container_memory_failcnt', 'untyped', 'How often memory use met its ceiling.', (s) => s.memoryFailures],
  ['container_spec_memory_limit_bytes', 'gauge', 'Memory ceiling; 0 is none.', (s) => s.memoryLimit],
  ['container_processes', 'gauge', 'Processes and threads that run.', (s) => s.processes],
];

const NETWORK: readonly (readonly [name: string, help: string, value: (link: LinkCounters) => number])[] = [
  ['container_network_receive_bytes_total', 'Bytes that the pod received.', (l) => l.receivedBytes],
  ['container_network_receive_packets_total', 'Packets that the pod received.', (l) => l.receivedPackets],
  ['container_network_receive_errors_total', 'Errors of receiving.', (l) => l.receiveErrors],
  [
    'container_network_receive_packets_dropped_total',
    'Packets to the pod that were dropped.',
    (l) => l.receiveDrops,
  ],
  ['container_network_transmit_bytes_total', 'Bytes that the pod sent.', (l) => l.sentBytes],
  ['container_network_transmit_packets_total', 'Packets that the pod sent.', (l) => l.sentPackets],
  ['container_network_transmit_errors_total', 'Errors of sending.', (l) => l.sendErrors],
  [
    'container_network_transmit_packets_dropped_total',
    'Packets of the pod that were dropped.',
    (l) => l.sendDrops,
  ],
];

const CPU = 'container_cpu_usage_seconds_total';
const OOM = 'container_oom_events_total';
/** Without cAdvisor's id and name, which are new with each attempt: one that is killed at once would begin and end its own series. */
const OF_ALL_ATTEMPTS = ['container', 'namespace', 'pod'];
const STARTED = 'container_start_time_seconds';
const SEEN = 'container_last_seen';
const CORES = 'machine_cpu_cores';
const MEMORY = 'machine_memory_bytes';
const ERROR = 'container_scrape_error';

const OWN = ['container', 'id', 'image', 'name', 'namespace', 'pod'];

export const USAGE_METRICS: readonly Family[] = [
  { name: CPU, type: 'counter', help: 'Seconds of CPU.', labels: [...OWN, 'cpu'] },
  ...MEASURES.map(([name, type, help]) => ({ name, type, help, labels: OWN })),
  {
    name: OOM,
    type: 'counter',
    help: 'Processes that the kernel killed for want of memory, in all attempts.',
    labels: OF_ALL_ATTEMPTS,
  },
  { name: STARTED, type: 'gauge', help: 'When the container started, since the epoch.', labels: OWN },
  { name: SEEN, type: 'gauge', help: 'When the container was last seen, since the epoch.', labels: OWN },
  ...NETWORK.map(
    ([name, help]): Family => ({
      name,
      type: 'counter',
      help,
      labels: ['id', 'interface', 'namespace', 'pod'],
    }),
  ),
  { name: CORES, type: 'gauge', help: 'Cores of the machine.', labels: [] },
  { name: MEMORY, type: 'gauge', help: 'Memory of the machine.', labels: [] },
  { name: ERROR, type: 'gauge', help: '1 when not everything could be read in time.', labels: [] },
];

export function usageText(inputs: UsageInputs): string {
  const out = new Exposition(USAGE_METRICS);
  for (const resident of inputs.residents) {
    for (const container of resident.containers) addContainer(out, resident, container, inputs);
    addNetwork(out, resident, inputs.links.get(resident.link));
  }
  addMachine(out, inputs);
  return out.toString();
}

function addContainer(
  out: Exposition,
  resident: Resident,
  container: ResidentContainer,
  { stats: all, oomKills, wallMs }: UsageInputs,
): void {
  const stats = all.get(container.cgroup);
  const { namespace, pod } = resident;
  const { name: shortName, cgroup: id, image, id: name } = container;
  out.add(OOM, written({ container: shortName, namespace, pod }), oomKills(resident, container, stats));
  if (stats === undefined) return;
  const own = { container: shortName, id, image, name, namespace, pod };
  const labels = written(own);
  out.add(CPU, written({ ...own, cpu: 'total' }), stats.cpuSeconds);
  for (const [family, , , value] of MEASURES) out.add(family, labels, value(stats));
  const { startedAtMs } = container.record;
  out.add(STARTED, labels, startedAtMs === undefined ? undefined : startedAtMs / 1000);
  out.add(SEEN, labels, Math.floor(wallMs / 1000));
}

function addNetwork(
  out: Exposition,
  { namespace, pod, cgroup, sandbox }: Resident,
  host: LinkCounters | undefined,
): void {
  if (host === undefined || !sandbox) return;
  const labels = written({ id: cgroup, interface: 'eth0', namespace, pod });
  const link = mirrored(host);
  for (const [family, , value] of NETWORK) out.add(family, labels, value(link));
}

function addMachine(out: Exposition, { machine, complete }: UsageInputs): void {
  out.add(CORES, '', machine.cores);
  out.add(MEMORY, '', machine.memoryBytes);
  out.add(ERROR, '', complete ? 0 : 1);
}
