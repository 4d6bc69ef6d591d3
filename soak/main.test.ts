import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test.each([
  { args: ['--minutes', 'abc'], why: "argument 'abc' is invalid. It is a number above 0." },
  { args: ['--minutes', '0'], why: "argument '0' is invalid. It is a number above 0." },
  { args: ['--rate', '-1'], why: "argument '-1' is invalid. It is a number above 0." },
  { args: ['--seed', '1.5'], why: "argument '1.5' is invalid. It is a whole number." },
  { args: ['--seconds', '9'], why: "unknown option '--seconds'" },
  { args: ['9'], why: 'too many arguments' },
])('$args is asked wrongly: $why', ({ args, why }) => {
  const program = join(import.meta.dirname, 'main.ts');
  const { status, stderr, stdout } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toContain(why);
  expect(stderr).toContain('Usage: soak');
  expect(stdout).toBe('');
});
