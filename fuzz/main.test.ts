import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test.each([
  { args: ['--seconds', 'abc'], why: "argument 'abc' is invalid. It is a whole number." },
  { args: ['--seed', '-3'], why: "argument '-3' is invalid. It is a whole number." },
  { args: ['--resume', '--seed', '7'], why: 'a run that is resumed has its seed' },
  { args: ['--resume', '--from', '7'], why: 'a run that is resumed has its place' },
  { args: ['--minutes', '2'], why: "unknown option '--minutes'" },
])('$args is asked wrongly: $why', ({ args, why }) => {
  const program = join(import.meta.dirname, 'main.ts');
  const { status, stderr, stdout } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toContain(why.startsWith('a run') ? "'--resume' cannot be used with" : why);
  expect(stderr).toContain('Usage: fuzz');
  expect(stdout).toBe('');
});
