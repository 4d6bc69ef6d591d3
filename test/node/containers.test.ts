import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, patience, startTestNode, type TestNode, type TestPod } from './node-fixture.ts';

let node: TestNode;
let pod: TestPod;
beforeAll(async () => {
  node = await startTestNode();
  pod = await node.pod();
});
afterAll(() => node?.close());

const sh = (script: string): string[] => ['sh', '-c', script];

describe('an exit', () => {
  test.each([
    ['success', 'exit 0', 0],
    ['an exit code', 'exit 42', 42],
    ['SIGTERM as 143', 'sh -c "kill -TERM \\$\\$"; exit $?', 143],
    ['a program that is not there', 'no-such-program', 127],
  ])('reports %s', async (_, script, code) => {
    expect(await pod.run(sh(script))).toMatchObject({ code, oomKilled: false, known: true });
  });

  test('by SIGKILL from outside is 137 and not taken for want of memory', async () => {
    const id = await pod.start(sh('sleep 1000'));
    await node.containers.signal(id, 'SIGKILL');
    expect(await node.containers.exited(id, patience())).toMatchObject({
      code: 137,
      oomKilled: false,
      known: true,
    });
  });

  test('on SIGTERM comes when the program asked for the signal', async () => {
    const id = await pod.start(sh('trap "exit 9" TERM; echo ready; while :; do sleep 0.01; done'));
    await eventually(async () => (await pod.logOf(id)).includes('ready') || undefined);
    await node.containers.signal(id, 'SIGTERM');
    expect((await node.containers.exited(id, patience())).code).toBe(9);
  });

  test('is not awaited for longer than the caller wants', async () => {
    const id = await pod.start(sh('sleep 1000'));
    const abort = new AbortController();
    const waiting = node.containers.exited(id, abort.signal);
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await node.containers.remove(id);
  });

  test('of a container that is not there is refused', async () => {
    await expect(node.containers.exited('nobody', patience())).rejects.toThrow('no container nobody');
  });
});

describe('the life of a container', () => {
  test('goes absent, created, running, exited, absent', async () => {
    const plan = pod.plan(sh('read line; exit 3'));
    const seen: string[] = [];
    const look = async () => seen.push((await node.containers.view(plan.id)).state);
    await look();
    await node.containers.create(plan);
    await look();
    await node.containers.start(plan.id);
    await node.containers.exited(plan.id, patience());
    await look();
    await node.containers.remove(plan.id);
    await look();
    expect(seen).toEqual(['absent', 'created', 'exited', 'absent']);
    expect(await node.containers.list()).not.toContain(plan.id);
  });

  test('may be ordered twice', async () => {
    const plan = pod.plan(sh('sleep 1000'));
    await node.containers.create(plan);
    await node.containers.create(plan);
    await node.containers.start(plan.id);
    await node.containers.start(plan.id);
    expect(await node.containers.view(plan.id)).toMatchObject({ state: 'running', pid: expect.any(Number) });
    await node.containers.remove(plan.id);
    await node.containers.remove(plan.id);
    expect(await node.containers.view(plan.id)).toEqual({ state: 'absent' });
  });

  test('removal leaves its log and nothing else', async () => {
    const { id } = await pod.run(sh('echo last words'));
    await node.containers.remove(id);
    const left = await Promise.all(
      ['containers', 'exits', 'oci'].map((directory) => readdir(join(node.config.runDir, directory))),
    );
    expect(left.flat()).not.toContain(id);
    expect(await pod.logOf(id)).toContain('last words');
  });

  test.each([
    ['a command that does not exist', { argv: ['/no/such/program'] }, /no such file|not found/],
    ['a capability that leads out', { capabilities: ['CAP_SYS_ADMIN'] }, /CAP_SYS_ADMIN cannot be given/],
    ['a working directory under /proc', { cwd: '/proc/self/fd/7' }, /cannot be a working directory/],
    [
      'a mount over /proc',
      { mounts: [{ destination: '/proc/sys', source: '/usr', type: 'bind' as const, readOnly: true }] },
      /cannot be mounted on/,
    ],
    [
      'a volume that is not there',
      { mounts: [{ destination: '/data', source: '/no/such', type: 'bind' as const, readOnly: true }] },
      /no such/,
    ],
  ])('does not begin with %s, and leaves nothing', async (_, overrides, words) => {
    const plan = { ...pod.plan(sh('true')), ...overrides };
    await expect(node.containers.create(plan)).rejects.toThrow(words);
    expect(await node.containers.view(plan.id)).toEqual({ state: 'absent' });
    expect(await node.containers.list()).not.toContain(plan.id);
  });

  test('ids that are no file names are refused', async () => {
    await expect(node.containers.remove('../../etc')).rejects.toThrow('cannot be a container');
  });
});

test('the log has the form that Kubernetes tools read', async () => {
  const { id } = await pod.run(sh('echo out; echo err >&2; printf part'));
  const lines = (await pod.logOf(id)).trim().split('\n');
  const stamp = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(Z|[+-]\d\d:\d\d)`;
  expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${stamp} stdout F out$`)));
  expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${stamp} stderr F err$`)));
  expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${stamp} stdout P part$`)));
});
