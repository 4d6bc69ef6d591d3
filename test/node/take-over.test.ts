import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runsWithArgument } from '#node-runtime/host/processes.ts';
import { containerPaths } from '#node-runtime/oci/container-files.ts';
import { eventually, patience, startTestNode, type TestNode, type TestPod } from './node-fixture.ts';

let node: TestNode;
let pod: TestPod;
beforeAll(async () => {
  node = await startTestNode();
  pod = await node.pod();
});
afterAll(() => node?.close());

const sh = (script: string): string[] => ['sh', '-c', script];

describe('a new node runtime', () => {
  test('takes over what an earlier one started, to its exit code', async () => {
    const id = await pod.start(sh('trap "exit 11" TERM; echo ready; while :; do sleep 0.01; done'));
    await eventually(async () => (await pod.logOf(id)).includes('ready') || undefined);
    const later = await node.newContainers();
    expect(await later.list()).toContain(id);
    expect(await later.view(id)).toEqual(await node.containers.view(id));
    await later.signal(id, 'SIGTERM');
    expect(await later.exited(id, patience())).toMatchObject({ code: 11, known: true });
  });

  test('takes over from one that was killed in the middle of its work', async () => {
    const plan = pod.plan(sh('trap "exit 12" TERM; echo ready; while :; do sleep 0.01; done'));
    const doomed = fork(new URL('./doomed-driver.ts', import.meta.url), [], { stdio: 'ignore' });
    doomed.send({ config: node.config, plan });
    await once(doomed, 'message');
    doomed.kill('SIGKILL');
    await once(doomed, 'exit');
    await eventually(async () => (await pod.logOf(plan.id)).includes('ready') || undefined);
    await node.containers.signal(plan.id, 'SIGTERM');
    expect(await node.containers.exited(plan.id, patience())).toMatchObject({ code: 12, known: true });
  });

  test('sees that a container runs, though its predecessor died before it could note the start', async () => {
    const id = await pod.start(sh('sleep 1000'));
    const { started } = containerPaths(node.config, id);
    await rm(started);
    expect((await (await node.newContainers()).view(id)).state).toBe('running');
    await node.containers.remove(id);
  });

  test('reports an exit whose code was lost with its monitor as not known', async () => {
    const id = await pod.start(sh('sleep 1000'));
    const monitor = Number(await readFile(containerPaths(node.config, id).monitorPid, 'utf8'));
    process.kill(monitor, 'SIGKILL');
    expect((await node.containers.view(id)).state).toBe('running');
    await node.containers.signal(id, 'SIGKILL');
    expect(await node.containers.exited(id, patience())).toMatchObject({ known: false });
    await node.containers.remove(id);
  });

  test('finds the monitor outside the cgroups of whoever started it', async () => {
    const id = await pod.start(sh('sleep 1000'));
    const monitor = (await readFile(containerPaths(node.config, id).monitorPid, 'utf8')).trim();
    const cgroups = await readFile(`/proc/${monitor}/cgroup`, 'utf8');
    expect(cgroups).toContain(`/weft-${node.config.id}/monitors/pod${pod.uid}`);
    const parent = (await readFile(`/proc/${monitor}/stat`, 'utf8')).split(') ')[1]?.split(' ')[1];
    expect(parent).not.toBe(String(process.pid));
    await node.containers.remove(id);
    await eventually(async () => ((await runsWithArgument(Number(monitor), id)) ? undefined : true));
  });
});
