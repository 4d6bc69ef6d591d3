import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chooseCores } from './cores.ts';
import { PinnedProcess } from './pinned-process.ts';

test('ends with the program that started it, however that ends', async () => {
  const program = `
    import { PinnedProcess } from ${JSON.stringify(join(import.meta.dirname, 'pinned-process.ts'))};
    const started = new PinnedProcess(${chooseCores().proxy}, 'sleep', ['600']);
    // Before it is sleep, it is not yet one that ends with its parent.
    const { readFileSync } = await import('node:fs');
    const name = () => readFileSync('/proc/' + started.pid + '/comm', 'utf8').trim();
    await started.ready(async () => name() === 'sleep');
    console.log(started.pid);`;
  const starter = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [pid] = await once(starter.stdout.setEncoding('utf8'), 'data');
  expect(existsSync(`/proc/${Number(pid)}`)).toBe(true);
  starter.kill('SIGKILL');
  await once(starter, 'close');
  await expect.poll(() => existsSync(`/proc/${Number(pid)}`), { timeout: 10_000 }).toBe(false);
});

test('says who ended before it was ready, and its last words', async () => {
  const core = chooseCores().proxy;
  await using process = new PinnedProcess(core, 'sh', ['-c', 'echo no such port >&2; exit 3']);
  await expect(process.ready(async () => false)).rejects.toThrow(
    /^sh -c echo no such port.* ended before it was ready: no such port$/,
  );
});
