import { expect, test } from 'vitest';
import { type ReadFile, statsOfV2 } from './cgroup-stats.ts';
import { usageText } from './container-usage.ts';
import { Exposition, written } from './exposition.ts';
import { parseLinkCounters } from './link-counters.ts';
import type { Resident } from './resident.ts';

const NET = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0
m-abc123: 1000 10 1 2 0 0 0 0 2000 20 3 4 0 0 0 0
broken: 1 2 3
evil: 1 1 0 0 0 0 0 0 x 1 0 0 0 0 0 0
`;

const RESIDENT: Resident = {
  namespace: 'shop',
  pod: 'web-1',
  uid: 'u1',
  link: 'm-abc123',
  cgroup: '/weft-m/podu1',
  sandbox: true,
  containers: [
    {
      name: 'app',
      role: 'app',
      image: 'host',
      id: 'm-u1-app-2',
      cgroup: '/weft-m/podu1/app-2',
      stage: { at: 'running' },
      record: { attempt: 2, backoffMs: 0, startedAtMs: 5_000 },
    },
    {
      name: 'gone',
      role: 'app',
      image: 'host',
      id: 'm-u1-gone-0',
      cgroup: '/weft-m/podu1/gone-0',
      stage: { at: 'absent' },
      record: { attempt: 0, backoffMs: 0 },
    },
  ],
};

const files: Record<string, string> = { 'memory.current': '4096', 'cpu.stat': 'usage_usec 2500000' };
const read: ReadFile = (_, file) => files[file];

test("a container under cAdvisor's names, kills also of one that is between two attempts, and its pod's network seen from within", () => {
  const text = usageText({
    residents: [RESIDENT],
    stats: new Map([['/weft-m/podu1/app-2', statsOfV2(read)]]),
    links: parseLinkCounters(NET),
    oomKills: () => 3,
    complete: true,
    machine: { cores: 2, memoryBytes: 1024 },
    wallMs: 9_500,
  });
  const own =
    'container="app",id="/weft-m/podu1/app-2",image="host",name="m-u1-app-2",namespace="shop",pod="web-1"';
  const pod = 'id="/weft-m/podu1",interface="eth0",namespace="shop",pod="web-1"';
  expect(text.split('\n').filter((line) => !line.startsWith('#') && line !== '')).toEqual([
    `container_cpu_usage_seconds_total{${own},cpu="total"} 2.5`,
    `container_memory_usage_bytes{${own}} 4096`,
    `container_memory_working_set_bytes{${own}} 4096`,
    'container_oom_events_total{container="app",namespace="shop",pod="web-1"} 3',
    'container_oom_events_total{container="gone",namespace="shop",pod="web-1"} 3',
    `container_start_time_seconds{${own}} 5`,
    `container_last_seen{${own}} 9`,
    `container_network_receive_bytes_total{${pod}} 2000`,
    `container_network_receive_packets_total{${pod}} 20`,
    `container_network_receive_errors_total{${pod}} 3`,
    `container_network_receive_packets_dropped_total{${pod}} 4`,
    `container_network_transmit_bytes_total{${pod}} 1000`,
    `container_network_transmit_packets_total{${pod}} 10`,
    `container_network_transmit_errors_total{${pod}} 1`,
    `container_network_transmit_packets_dropped_total{${pod}} 2`,
    'machine_cpu_cores 2',
    'machine_memory_bytes 1024',
    'container_scrape_error 0',
  ]);
});

test('only whole lines of links count', () => {
  expect([...parseLinkCounters(NET).keys()]).toEqual(['lo', 'm-abc123']);
  expect(parseLinkCounters('\0\0:::\n:')).toEqual(new Map());
});

test('labels cannot break out of their quotes, and have an end', () => {
  expect(written({ a: 'x"} 1\nevil\\' })).toBe('{a="x\\"} 1\\nevil\\\\"}');
  expect(written({ a: '\ud800' })).toBe('{a="\ufffd"}');
  expect(written({ a: 'y'.repeat(10_000) }).length).toBeLessThan(600);
  expect(written({ a: '' })).toBe('');
});

test('a family without samples and a sample that is no number are left out', () => {
  const out = new Exposition([
    { name: 'a', type: 'gauge', help: 'A.', labels: [] },
    { name: 'b', type: 'gauge', help: 'B.', labels: [] },
  ]);
  out.add('b', '', Number.NaN);
  out.add('b', '', undefined);
  expect(out.toString()).toBe('');
});
