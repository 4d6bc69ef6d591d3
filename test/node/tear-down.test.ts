import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { must } from '#node-runtime/host/command.ts';
import { namesIn } from '#node-runtime/host/directories.ts';
import { tearDownMesh } from '#node-runtime/host/tear-down-mesh.ts';
import { setUpHostNetwork } from '#node-runtime/network/host-network.ts';
import { readCgroupLayout } from '#node-runtime/resources/cgroup-layout.ts';
import { eventually, execute, FORK_BOMB, startTestNode, type TestNode } from './node-fixture.ts';

/** Everything on this machine that carries the mesh's id or lies in its run directory. */
async function traces({ config }: Pick<TestNode, 'config'>): Promise<string[]> {
  const { roots } = await readCgroupLayout();
  const cgroups = await Promise.all(roots.map((root) => cgroupsIn(join(root, `weft-${config.id}`))));
  const [links, tables, routes, mounts, netns, processes] = await Promise.all([
    must('ip', ['-oneline', 'link', 'show']),
    must('nft', ['list', 'tables']),
    must('ip', ['route', 'show', 'table', 'all']),
    readFile('/proc/self/mountinfo', 'utf8'),
    namesIn('/run/netns'),
    commandLines(),
  ]);
  const lines = [links, tables, routes, mounts, processes].flatMap((text) => text.split('\n'));
  const signs = [`${config.id}-`, `weft_${config.id}`, config.runDir, config.podCidr, config.serviceCidr];
  return [...lines, ...netns]
    .filter((line) => signs.some((sign) => line.includes(sign)))
    .concat(cgroups.flat());
}

/** Of every process: what `ps` would say, on hosts that have none. */
async function commandLines(): Promise<string> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
  return (await Promise.all(lines)).map((line) => line.replaceAll('\0', ' ')).join('\n');
}

/** Parents of the pods' cgroups, which stay as long as the mesh. */
const isOfTheMesh = (line: string): boolean => /\/weft-\w+(\/monitors)?$/.test(line);

async function cgroupsIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const below = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
  return entries.length === 0 ? [] : [directory, ...below];
}

test('a pod that is torn down leaves nothing, whatever its processes do', async () => {
  const node = await startTestNode();
  try {
    await (await node.pod()).tearDown();
    const before = await traces(node);
    const pod = await node.pod({ redirect: {} });
    const ids = await Promise.all([
      pod.start(FORK_BOMB, { limits: { pids: 40, cpus: 0.5 } }),
      pod.start(['sh', '-c', 'b() { b & b & sleep 1000; }; b'], { limits: { pids: 30, cpus: 0.3 } }),
      pod.start(['sleep', '1000'], { readOnlyRoot: false }),
      pod.start(['true']),
    ]);
    void execute(node.containers, ids[2]!, ['sleep', '1000']).catch(() => {});
    await node.containers.create(pod.plan(['sleep', '1000']));
    await eventually(async () => ((await node.containers.usage(ids[0]!))?.pids ?? 0) >= 30 || undefined);
    await pod.tearDown();
    expect((await traces(node)).filter((line) => !before.includes(line) && !isOfTheMesh(line))).toEqual([]);
    expect(await node.containers.list()).toEqual([]);
    expect(await node.sandboxes.list()).toEqual([]);
    await pod.tearDown();
  } finally {
    await node.close();
  }
});

test('other pods do not notice', async () => {
  const node = await startTestNode();
  try {
    const [leaving, staying] = await Promise.all([node.pod(), node.pod()]);
    await leaving.start(['sleep', '1000']);
    const id = await staying.start(['sleep', '1000']);
    await leaving.tearDown();
    expect((await node.containers.view(id)).state).toBe('running');
    expect(await node.sandboxes.list()).toEqual([staying.sandbox]);
  } finally {
    await node.close();
  }
});

test('a mesh is removed with everything that its dead node runtime left half done', async () => {
  const node = await startTestNode();
  try {
    const pod = await node.pod({ redirect: {} });
    await node.pod();
    await pod.start(['sleep', '1000']);
    const id = await pod.start(['sleep', '1000'], { readOnlyRoot: false });
    await writeFile(join(node.config.runDir, 'containers', id, 'config.json'), '{');
    await must('umount', [join(node.config.runDir, 'sandboxes', pod.sandbox, 'net')]);
    expect((await traces(node)).length).toBeGreaterThan(5);
    await tearDownMesh(node.config);
    expect(await traces(node)).toEqual([]);
    await tearDownMesh(node.config);
  } finally {
    await node.close();
  }
});

test('the host’s network may be set up again at any time', async () => {
  const node = await startTestNode();
  try {
    const before = (await traces(node)).toSorted();
    await setUpHostNetwork(node.config);
    expect((await traces(node)).toSorted()).toEqual(before);
  } finally {
    await node.close();
  }
});

test('a sandbox that was begun and not finished is made anew', async () => {
  const node = await startTestNode();
  try {
    const pod = await node.pod();
    await must('umount', [join(node.config.runDir, 'sandboxes', pod.sandbox, 'ipc')]);
    await node.sandboxes.setUp({
      name: pod.sandbox,
      podUid: pod.uid,
      hostname: 'again',
      ip: pod.ip,
      redirect: undefined,
    });
    expect((await pod.run(['hostname'])).output).toBe('again\n');
  } finally {
    await node.close();
  }
});

test.each(['other-pod', 'UPPER', '../x', ''])('a sandbox cannot be called "%s"', async (name) => {
  const node = await startTestNode();
  try {
    const plan = { name, podUid: 'u', hostname: 'h', ip: '10.0.0.1', redirect: undefined };
    await expect(node.sandboxes.setUp(plan)).rejects.toThrow('is not a sandbox name');
  } finally {
    await node.close();
  }
});
