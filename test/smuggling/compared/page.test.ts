import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PAYLOADS } from '../payloads/payloads.ts';

test('payloads have names of their own', () => {
  expect(new Set(PAYLOADS.map(({ name }) => name)).size).toBe(PAYLOADS.length);
});

test('the page of the comparison is of these payloads', () => {
  const page = readFileSync(new URL('../COMPARED.md', import.meta.url), 'utf8');
  const names = PAYLOADS.map(({ name }) => name);
  const all = page.slice(page.indexOf('## All'));
  expect(names.filter((name) => !all.includes(`\n| ${name} | `))).toEqual([]);
  expect(all.match(/^\| (?!payload |-)/gm)?.length).toBe(names.length);
});
