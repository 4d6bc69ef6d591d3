import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runsWithArgument } from '#node-runtime/host/processes.ts';
import { containerPaths } from '#node-runtime/oci/container-files.ts';
import {
  eventually,
  execute,
  FORK_BOMB,
  patience,
  startTestNode,
  type TestNode,
  type TestPod,
} from './node-fixture.ts';

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

describe('confinement', () => {
  test('the host’s private files are not there', async () => {
    const paths = [
      '/etc/shadow',
      '/etc/ssl/private',
      '/root/.ssh',
      '/var/lib',
      '/var/run',
      '/home/*',
      '/run/netns',
      '/opt/*',
    ];
    const { output } = await pod.run(sh(`ls -d ${paths.join(' ')} 2>/dev/null; true`), { uid: 0, gid: 0 });
    expect(output.trim()).toBe('/opt/weft');
  });

  test('nothing can be written but temporary files', async () => {
    const script =
      'for d in / /etc /usr /opt/weft /var /dev/shm /tmp; do touch $d/x 2>/dev/null && echo $d; done';
    const { output } = await pod.run(sh(script), { uid: 0, gid: 0 });
    expect(output.trim().split('\n')).toEqual(['/dev/shm', '/tmp']);
  });

  test('a writable root is bounded', async () => {
    const script =
      'echo hello > /var/file && cat /var/file; dd if=/dev/zero of=/var/big bs=1M count=100 2>&1 | grep -o "No space left"';
    const { output } = await pod.run(sh(script), { uid: 0, gid: 0, readOnlyRoot: false });
    expect(output.trim().split('\n')).toEqual(['hello', 'No space left']);
  });

  test('no capability, no new privileges, a system call filter, no descriptor above 2', async () => {
    const { output } = await pod.run(
      sh('grep -E "CapEff|NoNewPrivs|Seccomp:" /proc/self/status; ls /proc/$$/fd'),
      { uid: 0, gid: 0 },
    );
    expect(output).toMatch(/CapEff:\s+0+\n/);
    expect(output).toMatch(/NoNewPrivs:\s+1/);
    expect(output).toMatch(/Seccomp:\s+2/);
    expect(
      output
        .trim()
        .split('\n')
        .filter((line) => /^\d+$/.test(line) && Number(line) > 2),
    ).toEqual([]);
  });

  test.each([
    ['mount', 'mount -t tmpfs none /tmp'],
    ['unshare', 'unshare --user true'],
    ['mknod', 'mknod /tmp/disk b 254 0'],
    ['setting the host name', 'hostname other'],
  ])('%s is refused', async (_, command) => {
    expect((await pod.run(sh(command), { uid: 0, gid: 0 })).code).not.toBe(0);
  });

  test('it sees its own processes only', async () => {
    const { output } = await pod.run(sh('echo $$; ls -d /proc/[0-9]* | wc -l'));
    expect(output.trim().split('\n')[0]).toBe('1');
    expect(Number(output.trim().split('\n')[1])).toBeLessThan(5);
  });

  test('weft’s node comes first in the search path, wherever the checkout is', async () => {
    const { output } = await pod.run(['node', '-p', 'process.execPath + " " + process.version']);
    expect(output.trim()).toBe(`/opt/weft/bin/node ${process.version}`);
  });

  test('volumes are where they were asked for, read-only ones are', async () => {
    const source = join(node.config.runDir, 'volume');
    await writeFile(source, 'from outside');
    const mounts = [
      { destination: '/data/file', source, type: 'bind' as const, readOnly: true },
      { destination: '/scratch', source: '', type: 'tmpfs' as const, readOnly: false, sizeBytes: 1 << 20 },
    ];
    const script =
      'cat /data/file; echo x > /data/file || echo " refused"; dd if=/dev/zero of=/scratch/f bs=1M count=2 2>/dev/null || echo full';
    const { output } = await pod.run(sh(script), { mounts, uid: 0, gid: 0 });
    expect(output).toContain('from outside');
    expect(output).toContain('refused');
    expect(output).toContain('full');
  });
});

describe('exec', () => {
  let id: string;
  beforeAll(async () => {
    // A shell that waits also reaps the orphans of others, as the first process of a container should.
    id = await pod.start(sh('while :; do sleep 0.1; done'), { env: { COLOUR: 'blue' } });
  });
  afterAll(() => node.containers.remove(id));
  const exec = (script: string, options = {}) => execute(node.containers, id, sh(script), options);

  test('gives output and exit code', async () => {
    expect(await exec('echo hello; exit 5')).toEqual({ code: 5, output: 'hello\n' });
  });

  test('has the environment of the container, and more', async () => {
    const { output } = await exec('echo $COLOUR $SIZE', { env: { SIZE: 'big' } });
    expect(output).toBe('blue big\n');
  });

  test('runs as who was asked, as confined as the container', async () => {
    const { output } = await exec('id -u; grep CapEff /proc/self/status', { uid: 0, gid: 0 });
    expect(output).toMatch(/^0\nCapEff:\s+0+\n$/);
  });

  test('takes input', async () => {
    expect((await exec('cat', { stdin: Readable.from(['one ', 'two']) })).output).toBe('one two');
  });

  test.each([1, 100])('ends after its time (%i ms) with 124, its children too', async (timeoutMs) => {
    expect((await exec('sleep 1000 & sleep 1000', { timeoutMs })).code).toBe(124);
    await eventually(async () => (await node.containers.usage(id))!.pids <= 2 || undefined);
  });

  test('ends when the caller gives up', async () => {
    const abort = new AbortController();
    const running = exec('sleep 1000', { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });

  test('in a container that does not run is refused', async () => {
    const { id: ended } = await pod.run(sh('true'));
    await expect(execute(node.containers, ended, ['true'])).rejects.toThrow('is exited');
  });
});

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
