import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

let directory: string;
let keeper: ChildProcess | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-keeper-'));
});
afterEach(async () => {
  if (keeper?.exitCode === null && keeper.signalCode === null) {
    keeper.kill('SIGTERM');
    await once(keeper, 'exit');
  }
  rmSync(directory, { recursive: true });
});

const read = (name: string): string =>
  existsSync(join(directory, name)) ? readFileSync(join(directory, name), 'utf8') : '';
const soon = { timeout: 10_000, interval: 10 };

/** Keeps a shell script that first writes its pid into `pids`. */
function keep(script: string, cgroups = ''): ChildProcess {
  writeFileSync(join(directory, 'program.sh'), `echo $$ >> ${directory}/pids\n${script}\n`);
  const argv = [
    'cli/supervisor/keeper.sh',
    'thing',
    directory,
    join(directory, 'log'),
    cgroups,
    'sh',
    join(directory, 'program.sh'),
  ];
  keeper = spawn('sh', argv, { stdio: 'ignore' });
  return keeper;
}

const pids = (): number[] => read('pids').split('\n').filter(Boolean).map(Number);

describe('the keeper', () => {
  test('starts its program again after it was killed, and counts', async () => {
    keep('sleep 60 & wait');
    await vi.waitFor(() => expect(pids()).toHaveLength(1), soon);
    process.kill(pids()[0]!, 'SIGKILL');
    await vi.waitFor(() => expect(pids()).toHaveLength(2), soon);
    expect(read('thing.restarts').trim()).toBe('1');
    expect(read('log')).toContain('thing ended with exit code 137');
  });

  test('stops its program with SIGTERM, and then itself', async () => {
    const process_ = keep(
      `trap 'echo stopped >> ${directory}/said; exit 0' TERM\nwhile :; do sleep 0.02; done`,
    );
    await vi.waitFor(() => expect(pids()).toHaveLength(1), soon);
    const gone = once(process_, 'exit');
    process_.kill('SIGTERM');
    await gone;
    expect(read('said').trim()).toBe('stopped');
    expect(existsSync(join(directory, 'thing.restarts'))).toBe(false);
    expect(pids()).toHaveLength(1);
  });

  test('stops at once while it waits to start a program that cannot run', async () => {
    const process_ = keep('exit 7');
    await vi.waitFor(() => expect(Number(read('thing.restarts'))).toBeGreaterThan(1), soon);
    const gone = once(process_, 'exit');
    process_.kill('SIGTERM');
    await gone;
    expect(read('log')).toContain('exit code 7');
  });

  test('moves itself into the cgroups that it is given', async () => {
    const group = mkdtempSync(join(directory, 'group-'));
    const process_ = keep('sleep 60 & wait', group);
    await vi.waitFor(
      () => expect(readFileSync(join(group, 'cgroup.procs'), 'utf8').trim()).toBe(String(process_.pid)),
      soon,
    );
  });

  test('puts a log aside that has grown large', async () => {
    writeFileSync(join(directory, 'log'), Buffer.alloc(20_000_001));
    keep('sleep 60 & wait');
    await vi.waitFor(() => expect(pids()).toHaveLength(1), soon);
    expect(existsSync(join(directory, 'log.1'))).toBe(true);
  });
});
