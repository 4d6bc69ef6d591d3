/**
 * What a container has used, out of the files of its cgroup: cgroup v2, or v1 and the hybrid of both, whose controllers
 * are v1's. Pure. The meanings are cAdvisor's (container/libcontainer/handler.go): the working set is the usage without
 * the file pages that were not touched lately. A file that is not there or says something else than numbers leaves its
 * members undefined: one that cannot be read is not zero.
 */
export interface ContainerStats {
  readonly cpuSeconds: number | undefined;
  readonly cpuUserSeconds: number | undefined;
  readonly cpuSystemSeconds: number | undefined;
  readonly periods: number | undefined;
  readonly throttledPeriods: number | undefined;
  readonly throttledSeconds: number | undefined;
  /** Microseconds; undefined when there is no ceiling. */
  readonly cpuQuota: number | undefined;
  readonly cpuPeriod: number | undefined;
  readonly cpuShares: number | undefined;
  readonly memoryUsage: number | undefined;
  readonly memoryWorkingSet: number | undefined;
  readonly memoryRss: number | undefined;
  readonly memoryCache: number | undefined;
  readonly memoryMax: number | undefined;
  readonly memoryFailures: number | undefined;
  /** 0: unlimited (cAdvisor's word for it). */
  readonly memoryLimit: number | undefined;
  readonly oomKills: number | undefined;
  readonly processes: number | undefined;
}

/** Content of a cgroup's file, undefined when it cannot be read. */
export type ReadFile = (controller: string, file: string) => string | undefined;

/** `USER_HZ`, which is 100 on all that Linux and Node run on together. */
const TICKS_PER_SECOND = 100;
/** v1 says "no limit" by the largest number of pages. */
const UNLIMITED = 2 ** 62;

export function statsOfV1(read: ReadFile): ContainerStats {
  const memory = pairs(read('memory', 'memory.stat'));
  const cpu = pairs(read('cpu', 'cpu.stat'));
  const ticks = pairs(read('cpuacct', 'cpuacct.stat'));
  const usage = number(read('memory', 'memory.usage_in_bytes'));
  const quota = number(read('cpu', 'cpu.cfs_quota_us'));
  const limited = quota !== undefined && quota > 0;
  return {
    cpuSeconds: scaled(number(read('cpuacct', 'cpuacct.usage')), 1e9),
    cpuUserSeconds: scaled(ticks.get('user'), TICKS_PER_SECOND),
    cpuSystemSeconds: scaled(ticks.get('system'), TICKS_PER_SECOND),
    periods: cpu.get('nr_periods'),
    throttledPeriods: cpu.get('nr_throttled'),
    throttledSeconds: scaled(cpu.get('throttled_time'), 1e9),
    cpuQuota: limited ? quota : undefined,
    cpuPeriod: limited ? number(read('cpu', 'cpu.cfs_period_us')) : undefined,
    cpuShares: number(read('cpu', 'cpu.shares')),
    memoryUsage: usage,
    memoryWorkingSet: without(usage, memory.get('total_inactive_file')),
    memoryRss: memory.get('total_rss'),
    memoryCache: memory.get('total_cache'),
    memoryMax: number(read('memory', 'memory.max_usage_in_bytes')),
    memoryFailures: number(read('memory', 'memory.failcnt')),
    memoryLimit: limitOf(memory.get('hierarchical_memory_limit')),
    oomKills: pairs(read('memory', 'memory.oom_control')).get('oom_kill'),
    processes: number(read('pids', 'pids.current')),
  };
}

export function statsOfV2(read: ReadFile): ContainerStats {
  const cpu = pairs(read('cpu', 'cpu.stat'));
  const memory = pairs(read('memory', 'memory.stat'));
  const events = pairs(read('memory', 'memory.events'));
  const [quota, period] = (read('cpu', 'cpu.max') ?? '').trim().split(' ');
  const usage = number(read('memory', 'memory.current'));
  const limit = read('memory', 'memory.max')?.trim();
  return {
    cpuSeconds: scaled(cpu.get('usage_usec'), 1e6),
    cpuUserSeconds: scaled(cpu.get('user_usec'), 1e6),
    cpuSystemSeconds: scaled(cpu.get('system_usec'), 1e6),
    periods: cpu.get('nr_periods'),
    throttledPeriods: cpu.get('nr_throttled'),
    throttledSeconds: scaled(cpu.get('throttled_usec'), 1e6),
    cpuQuota: quota === 'max' ? undefined : number(quota),
    cpuPeriod: quota === 'max' ? undefined : number(period),
    cpuShares: sharesOf(number(read('cpu', 'cpu.weight'))),
    memoryUsage: usage,
    memoryWorkingSet: without(usage, memory.get('inactive_file')),
    memoryRss: memory.get('anon'),
    memoryCache: memory.get('file'),
    memoryMax: number(read('memory', 'memory.peak')),
    memoryFailures: events.get('max'),
    memoryLimit: limit === 'max' ? 0 : number(limit),
    oomKills: events.get('oom_kill'),
    processes: number(read('pids', 'pids.current')),
  };
}

const NUMBER = /^-?\d{1,20}$/;

function number(text: string | undefined): number | undefined {
  const word = text?.trim() ?? '';
  return NUMBER.test(word) ? Number(word) : undefined;
}

/** A "flat keyed" file: lines of `key value`. Other lines are left out. */
function pairs(text: string | undefined): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const line of (text ?? '').split('\n')) {
    const space = line.indexOf(' ');
    const value = space < 0 ? undefined : number(line.slice(space + 1));
    if (value !== undefined) found.set(line.slice(0, space), value);
  }
  return found;
}

function scaled(value: number | undefined, unit: number): number | undefined {
  return value === undefined ? undefined : value / unit;
}

function without(usage: number | undefined, inactive: number | undefined): number | undefined {
  return usage === undefined ? undefined : Math.max(0, usage - (inactive ?? 0));
}

function limitOf(bytes: number | undefined): number | undefined {
  return bytes !== undefined && bytes > UNLIMITED ? 0 : bytes;
}

/** runc's mapping from shares to weights, backwards. */
function sharesOf(weight: number | undefined): number | undefined {
  return weight === undefined ? undefined : Math.trunc(2 + ((weight - 1) * 262_142) / 9_999);
}
