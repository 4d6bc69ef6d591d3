import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, FORK_BOMB, startTestNode, type TestNode, type TestPod } from './node-fixture.ts';

let node: TestNode;
let pod: TestPod;
beforeAll(async () => {
  node = await startTestNode();
  pod = await node.pod();
});
afterAll(() => node?.close());

const sh = (script: string): string[] => ['sh', '-c', script];

describe('limits', () => {
  const hog = 'const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1));';

  test('a hog in 64 MiB is killed for want of memory, alone, and so reported', async () => {
    const beside = await pod.start(sh('sleep 1000'));
    const limits = { pids: 64, memoryBytes: 64 << 20 };
    expect(await pod.run(['node', '-e', hog], { limits })).toMatchObject({
      code: 137,
      oomKilled: true,
      known: true,
    });
    expect((await node.containers.view(beside)).state).toBe('running');
    await node.containers.remove(beside);
  });

  test('the containers of a pod share what the pod may use, and the one that takes too much dies', async () => {
    const bounded = await node.pod({ limits: { pids: 100, memoryBytes: 96 << 20 } });
    const beside = await bounded.start(sh('sleep 1000'));
    expect(await bounded.run(['node', '-e', hog])).toMatchObject({ oomKilled: true });
    expect((await node.containers.view(beside)).state).toBe('running');
    await bounded.tearDown();
  });

  test('a fork bomb stops at its process limit and dies with its container', async () => {
    const id = await pod.start(FORK_BOMB, { limits: { pids: 40, cpus: 0.5 } });
    const pids = async () => (await node.containers.usage(id))?.pids ?? 0;
    await eventually(async () => (await pids()) >= 38 || undefined);
    for (let looks = 0; looks < 50; looks += 1) expect(await pids()).toBeLessThanOrEqual(40);
    await node.containers.remove(id);
    expect(await node.containers.usage(id)).toBeUndefined();
  });

  test('a busy loop gets its share of a processor and no more', async () => {
    const id = await pod.start(sh('while :; do :; done'), { limits: { pids: 10, cpus: 0.2 } });
    const cpuNs = async () => (await node.containers.usage(id))!.cpuNs;
    const [cpuBefore, before] = [await cpuNs(), performance.now()];
    await eventually(async () => (await cpuNs()) - cpuBefore > 300e6 || undefined);
    const cpuMs = ((await cpuNs()) - cpuBefore) / 1e6;
    const share = cpuMs / (performance.now() - before);
    await node.containers.remove(id);
    expect(share).toBeLessThan(0.3);
  });

  test('a runtime like Node sees the limit and keeps its heap below it', async () => {
    const limits = { pids: 64, memoryBytes: 256 << 20 };
    const { output } = await pod.run(['node', '-p', 'process.constrainedMemory()'], { limits });
    expect(Number(output)).toBe(256 << 20);
  });
});
