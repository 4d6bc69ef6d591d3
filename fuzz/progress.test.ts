import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readProgress, writeProgress } from './progress.ts';

const directory = mkdtempSync(join(tmpdir(), 'weft-fuzz-'));
afterAll(() => rmSync(directory, { recursive: true }));

test('what was written is read, and nothing where nothing was written', () => {
  const path = join(directory, 'new/progress.json');
  expect(readProgress(path)).toBeUndefined();
  const progress = { seed: 7, iteration: 2000, counts: { host: 3 } };
  writeProgress(path, progress);
  expect(readProgress(path)).toEqual(progress);
});

test.each(['', '{', '{}', '{"seed":1,"iteration":-1,"counts":{}}'])('%j is refused by its path', (text) => {
  const path = join(directory, 'bad.json');
  writeFileSync(path, text);
  expect(() => readProgress(path)).toThrow(`${path} is not what a run wrote`);
});
