import { describe, expect, test } from 'vitest';
import { type ReadFile, statsOfV1, statsOfV2 } from './cgroup-stats.ts';

const reader =
  (files: Readonly<Record<string, string>>): ReadFile =>
  (_, file) =>
    files[file];

const V1 = {
  'cpuacct.usage': '1500000000\n',
  'cpuacct.stat': 'user 120\nsystem 30\n',
  'cpu.stat': 'nr_periods 40\nnr_throttled 4\nthrottled_time 250000000\n',
  'cpu.cfs_quota_us': '50000\n',
  'cpu.cfs_period_us': '100000\n',
  'cpu.shares': '512\n',
  'memory.usage_in_bytes': '10485760\n',
  'memory.max_usage_in_bytes': '20971520\n',
  'memory.failcnt': '7\n',
  'memory.stat':
    'cache 1\nrss 2\nhierarchical_memory_limit 67108864\ntotal_cache 4194304\ntotal_rss 5242880\ntotal_inactive_file 1048576\n',
  'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
  'pids.current': '5\n',
};

const V2 = {
  'cpu.stat':
    'usage_usec 1500000\nuser_usec 1200000\nsystem_usec 300000\nnr_periods 40\nnr_throttled 4\nthrottled_usec 250000\n',
  'cpu.max': '50000 100000\n',
  'cpu.weight': '20\n',
  'memory.current': '10485760\n',
  'memory.peak': '20971520\n',
  'memory.max': '67108864\n',
  'memory.stat': 'anon 5242880\nfile 4194304\ninactive_file 1048576\n',
  'memory.events': 'low 0\nhigh 0\nmax 7\noom 2\noom_kill 2\n',
  'pids.current': '5\n',
};

const READ = {
  cpuSeconds: 1.5,
  cpuUserSeconds: 1.2,
  cpuSystemSeconds: 0.3,
  periods: 40,
  throttledPeriods: 4,
  throttledSeconds: 0.25,
  cpuQuota: 50_000,
  cpuPeriod: 100_000,
  cpuShares: 512,
  memoryUsage: 10_485_760,
  memoryWorkingSet: 9_437_184,
  memoryRss: 5_242_880,
  memoryCache: 4_194_304,
  memoryMax: 20_971_520,
  memoryFailures: 7,
  memoryLimit: 67_108_864,
  oomKills: 2,
  processes: 5,
};

describe('both versions say the same', () => {
  test('v1 and the hybrid', () => expect(statsOfV1(reader(V1))).toEqual(READ));
  test('v2', () => expect(statsOfV2(reader(V2))).toEqual({ ...READ, cpuShares: 500 }));
});

describe('no ceilings', () => {
  test('v1', () => {
    const files = {
      ...V1,
      'cpu.cfs_quota_us': '-1',
      'memory.stat': 'hierarchical_memory_limit 9223372036854771712',
    };
    const { cpuQuota, cpuPeriod, memoryLimit } = statsOfV1(reader(files));
    expect({ cpuQuota, cpuPeriod, memoryLimit }).toEqual({
      cpuQuota: undefined,
      cpuPeriod: undefined,
      memoryLimit: 0,
    });
  });
  test('v2', () => {
    const { cpuQuota, memoryLimit } = statsOfV2(
      reader({ ...V2, 'cpu.max': 'max 100000', 'memory.max': 'max' }),
    );
    expect({ cpuQuota, memoryLimit }).toEqual({ cpuQuota: undefined, memoryLimit: 0 });
  });
});

const HOSTILE: [string, string][] = [
  ['nothing', ''],
  ['words', 'a b c\nd'],
  ['no number', 'usage_usec NaN\nuser 0x10\n'],
  ['endless digits', '9'.repeat(400)],
  ['an exponent', '1e9'],
  ['markup', 'user 1"} 5\nevil{a="'],
  ['bytes', '\0\xff\n\0'],
];

describe('what is no number is not known, and is not zero', () => {
  test.each(HOSTILE)('%s', (_, text) => {
    const everywhere: ReadFile = () => text;
    for (const value of Object.values(statsOfV1(everywhere))) expect(value).toBeUndefined();
    for (const value of Object.values(statsOfV2(everywhere))) expect(value).toBeUndefined();
  });
  test('files that are not there', () => {
    for (const value of Object.values(statsOfV1(() => undefined))) expect(value).toBeUndefined();
    for (const value of Object.values(statsOfV2(() => undefined))) expect(value).toBeUndefined();
  });
});
