import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SCENARIOS } from './scenarios.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-bench-main-'));
});

afterAll(() => rmSync(directory, { recursive: true }));

function bench(...args: string[]) {
  const program = join(import.meta.dirname, 'main.ts');
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
}

test('lists every scenario with what it does', () => {
  const { stdout, status } = bench('list');
  expect(status).toBe(0);
  expect(stdout.trim().split('\n')).toHaveLength(SCENARIOS.length);
  for (const { name, title } of SCENARIOS)
    expect(stdout).toMatch(new RegExp(`^${name} +${title.slice(0, 20)}`, 'm'));
});

test('an unknown scenario is answered with those that there are', () => {
  const { stderr, status } = bench('http3');
  expect(status).toBe(2);
  expect(stderr).toContain('there is no scenario http3. There are: http1, ');
});

test.each([[[]], [['http1', '--fast']], [['http1', 'upload']]])('%j is asked wrongly', (args) => {
  const { stderr, status } = bench(...args);
  expect(status).toBe(2);
  expect(stderr).toContain('Usage: bench SCENARIO|all|list|setup');
});

test('a file that cannot be written is said before anything is measured', () => {
  const { stdout, stderr, status } = bench('mtls-two-hops', '--json', join(directory, 'none/report.json'));
  expect(status).toBe(1);
  expect(stderr).toContain('none/report.json');
  expect(stdout).toBe('');
});

test('a report says what was measured, where, when and of which commit', () => {
  const file = join(directory, 'report.json');
  const { stdout, status } = bench('mtls-two-hops', '--quick', '--json', file);
  expect(status).toBe(0);
  expect(stdout).toContain('weft is missing: ');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    scenario: 'mtls-two-hops',
    machine: {
      cpu: expect.any(String),
      cores: expect.any(Number),
      memoryGb: expect.any(Number),
      kernel: expect.any(String),
      system: expect.any(String),
      node: process.version,
    },
    date: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    commit: expect.stringMatching(/^([0-9a-f]{7,}\+?|unknown)$/),
    quick: true,
    rounds: 0,
    subjects: [],
    missing: [{ name: 'weft', why: expect.any(String) }],
    ratios: {},
  });
});
