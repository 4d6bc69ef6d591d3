import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PAGES } from '../../scripts/reference.ts';

test.each(Object.keys(PAGES))('%s says what is so', (path) => {
  expect(readFileSync(path, 'utf8'), 'run: node scripts/reference.ts').toBe(PAGES[path]!());
});
