import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lineOf, tallyOf } from '../../scripts/test-summary.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-summary-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function results(files: Record<string, string>): string {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return lineOf(tallyOf(directory));
}

const suite = (passed: number, failed: number, pending = 0): string =>
  JSON.stringify({
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: pending,
    numTodoTests: 0,
  });

describe('the last line of npm test', () => {
  test.each([
    ['checks count one each', { 'tsc.check': 'passed\n', 'biome.check': 'passed\n' }, '2 passed, 0 failed'],
    ['a failed check counts', { 'tsc.check': 'failed\n' }, '0 passed, 1 failed'],
    ['a suite adds its tests', { 'unit.json': suite(7, 0), 'unit.exit': '0\n' }, '7 passed, 0 failed'],
    ['failures add up', { 'a.json': suite(1, 2), 'a.exit': '1', 'b.check': 'failed' }, '1 passed, 3 failed'],
    [
      'skipped tests are told',
      { 'unit.json': suite(7, 0, 2), 'unit.exit': '0' },
      '7 passed, 0 failed, 2 skipped',
    ],
    ['a crash after the tests fails', { 'unit.json': suite(7, 0), 'unit.exit': '1' }, '7 passed, 1 failed'],
    ['a crash before the report fails', { 'unit.exit': '134' }, '0 passed, 1 failed'],
  ])('%s', (_name, files, line) => {
    expect(results(files)).toBe(line);
  });
});
