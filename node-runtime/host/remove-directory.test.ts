import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeDirectory } from './remove-directory.ts';

const DEEPER_THAN_ANY_PATH = `
  for (let i = 0; i < 60; i += 1) {
    require('node:fs').mkdirSync('d'.repeat(200));
    process.chdir('d'.repeat(200));
  }
  require('node:fs').writeFileSync('file', '');`;

test.each([
  ['what is nested deeper than a path can say', DEEPER_THAN_ANY_PATH],
  ['a link, not what it leads to', `require('node:fs').symlinkSync('/usr', 'link')`],
  ['a directory that nobody may enter', `require('node:fs').mkdirSync('shut', { mode: 0 })`],
])('removes %s', async (_, program) => {
  const directory = mkdtempSync(join(tmpdir(), 'weft-remove-'));
  execFileSync(process.execPath, ['-e', program], { cwd: directory });
  await removeDirectory(directory);
  expect(existsSync(directory)).toBe(false);
  expect(existsSync('/usr/bin')).toBe(true);
});

test('is content with what is not there', async () => {
  await expect(removeDirectory(join(tmpdir(), 'weft-never-made'))).resolves.toBeUndefined();
});
