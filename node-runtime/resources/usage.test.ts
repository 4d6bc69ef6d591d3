import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CgroupLayout } from './cgroup-layout.ts';
import { readOomKills, readUsage } from './usage.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'weft-cgroup-'));
  await mkdir(join(root, 'pod'));
  const files: Record<string, string> = {
    'memory.usage_in_bytes': '4096\n',
    'cpuacct.usage': '7000\n',
    'pids.current': '3\n',
    'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
    'memory.current': '8192\n',
    'cpu.stat': 'usage_usec 9\nuser_usec 5\nsystem_usec 4\n',
    'memory.events': 'low 0\nhigh 0\nmax 5\noom 1\noom_kill 1\noom_group_kill 0\n',
  };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(root, 'pod', name), text)));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const layout = (mode: CgroupLayout['mode']): CgroupLayout => ({ mode, roots: [root], rootOf: () => root });

test('reads version 1', async () => {
  expect(await readUsage(layout('hybrid'), 'pod')).toEqual({ memoryBytes: 4096, cpuNs: 7000, pids: 3 });
  expect(await readOomKills(layout('v1'), 'pod')).toBe(2);
});

test('reads version 2', async () => {
  expect(await readUsage(layout('v2'), 'pod')).toEqual({ memoryBytes: 8192, cpuNs: 9000, pids: 3 });
  expect(await readOomKills(layout('v2'), 'pod')).toBe(1);
});

test('a cgroup that is gone has used nothing that is known', async () => {
  expect(await readUsage(layout('v2'), 'gone')).toBeUndefined();
  expect(await readOomKills(layout('v2'), 'gone')).toBe(0);
});
