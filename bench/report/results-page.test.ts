import { describe, expect, test } from 'vitest';
import type { Report } from '../scenario.ts';
import { inWords } from './columns.ts';
import { judge } from './goals.ts';
import { plotsOf } from './plots.ts';
import { resultsPage } from './results-page.ts';

const report: Report = {
  scenario: 'http1',
  machine: { cpu: 'A CPU', cores: 2, memoryGb: 8, kernel: '6.1', system: 'Debian 12', node: '26.1.0' },
  date: '2026-01-02T03:04:05Z',
  commit: 'abc1234',
  quick: false,
  rounds: 5,
  subjects: [
    { name: 'weft', version: '0.1', cpuMicrosPerRequest: 9, userMicros: 3, sysMicros: 6, retriesArmed: 2 },
    { name: 'haproxy', version: '2.6', cpuMicrosPerRequest: 10, userMicros: 4, sysMicros: 6 },
  ],
  missing: [{ name: 'envoy', why: 'npm run bench -- setup brings it' }],
  ratios: { 'weft/haproxy': 0.9 },
};

describe('the page of results', () => {
  const page = resultsPage([{ report, title: 'small answers', plots: ['results/a.svg'], note: 'Why.\n' }]);

  test('shows every figure of every subject, and says what is not there', () => {
    expect(page).toContain('| subject | version | CPU µs/request | user µs | system µs | retries armed |');
    expect(page).toContain('| **weft** | 0.1 | 9 | 3 | 6 | 2 |');
    expect(page).toContain('| haproxy | 2.6 | 10 | 4 | 6 | – |');
    expect(page).toContain('Missing: envoy (npm run bench -- setup brings it).');
    expect(page).toContain('Ratios: weft/haproxy 0.90.');
  });

  test('names the machine, the command, the commit, the plot and the note', () => {
    expect(page).toContain('A CPU, 2 cores');
    expect(page).toContain('    npm run bench -- http1\n');
    expect(page).toContain('Small answers. Of 2026-01-02, commit abc1234; medians of 5 rounds.');
    expect(page).toContain('![http1](results/a.svg)');
    expect(page).toContain('Why.');
  });
});

test('a scenario that measured nothing has no table', () => {
  const page = resultsPage([{ report: { ...report, subjects: [] }, title: 'x', plots: [], note: '' }]);
  expect(page).not.toContain('| subject |');
  expect(page).toContain('Missing: envoy');
});

describe('goals', () => {
  const goal = { what: 'x', scenario: 'http1', unit: '×', goal: 1, least: 1.2 };
  test.each([
    [1, 'goal met'],
    [1.1, 'acceptable'],
    [1.3, 'missed'],
    [undefined, 'not measured'],
  ])('%s is %s', (measured, verdict) => {
    expect(judge(new Map([['http1', report]]), [{ ...goal, read: () => measured }])[0]!.verdict).toBe(
      verdict,
    );
  });

  test('a scenario that did not run is not measured', () => {
    expect(judge(new Map(), [{ ...goal, read: () => 1 }])[0]!.verdict).toBe('not measured');
  });
});

test('bars grow with the figure, and names are escaped', () => {
  const [plot] = plotsOf({
    ...report,
    subjects: [...report.subjects, { ...report.subjects[0]!, name: 'a<b' }],
  });
  expect(plot!.name).toBe('http1-cpu.svg');
  const widths = [...plot!.svg.matchAll(/height="20"/g)];
  expect(widths).toHaveLength(6);
  expect(plot!.svg).toContain('a&lt;b');
});

test('keys of figures read as words', () => {
  expect(inWords('bytesPerConnection')).toBe('bytes per connection');
});
