import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestNode, type TestNode, type TestPod } from './node-fixture.ts';

let node: TestNode;
let pod: TestPod;
beforeAll(async () => {
  node = await startTestNode();
  pod = await node.pod();
});
afterAll(() => node?.close());

const sh = (script: string): string[] => ['sh', '-c', script];

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
