import { expect, test } from 'vitest';
import type { Report } from './scenario.ts';
import { drawReport, drawTable, fold, shorten } from './table.ts';

const REPORT: Report = {
  scenario: 'http1',
  machine: { cpu: 'EPYC', cores: 2, memoryGb: 24, kernel: '6.18', system: 'Debian 12', node: 'v26.10.0' },
  date: '2026-11-21T08:00:00.000Z',
  commit: 'abc1234',
  quick: true,
  rounds: 5,
  subjects: [
    { name: 'weft', version: '0.1.0', cpuMicrosPerRequest: 18.44, requestsPerSecond: 53_880.2, idleKb: 3 },
    { name: 'haproxy', version: '2.6.12', cpuMicrosPerRequest: 17.31, requestsPerSecond: 57_274 },
  ],
  missing: [{ name: 'envoy', why: '`npm run bench -- setup` brings it' }],
  ratios: { 'weft/haproxy': 1.053 },
};

test('draws aligned columns, the known figures first, and names what is missing', () => {
  expect(drawReport(REPORT, 'answers of 1 KiB')).toBe(`http1: answers of 1 KiB
EPYC, 2 cores, 24 GB; Debian 12, 6.18
commit abc1234; medians of 5 rounds (quick)

         version  CPU µs/req  req/s  idleKb
weft     0.1.0          18.4  53880    3.00
haproxy  2.6.12         17.3  57274       -
envoy is missing: \`npm run bench -- setup\` brings it

weft/haproxy  1.05
`);
});

test('says in words when nothing could be measured', () => {
  const none = { ...REPORT, rounds: 0, subjects: [], ratios: {} };
  expect(drawReport(none, 'two hops').split('\n').slice(3)).toEqual([
    'envoy is missing: `npm run bench -- setup` brings it',
    '',
  ]);
});

test('what speaks against the figures stands under them', () => {
  const text = drawReport({ ...REPORT, warnings: ['the machine was busy'] }, 'answers of 1 KiB');
  expect(text).toContain('\nbeware: the machine was busy\nenvoy is missing');
});

test('a table that is wider than a terminal goes on below, with the names once more', () => {
  const rows = [
    ['', 'version', 'user', 'sys'],
    ['weft', '0.1.0', '7.83', '19.0'],
  ];
  expect(fold(rows, 20)).toEqual([
    [
      ['', 'version', 'user'],
      ['weft', '0.1.0', '7.83'],
    ],
    [
      ['', 'sys'],
      ['weft', '19.0'],
    ],
  ]);
  expect(fold(rows, 25)).toEqual([rows]);
  expect(fold(rows, 1)).toHaveLength(3);
});

test.each([
  [53_880.2, '53880'],
  [100, '100'],
  [18.44, '18.4'],
  [1.2345, '1.23'],
  [0.004, '0.00'],
])('%f is shown as %s', (value, text) => {
  expect(shorten(value)).toBe(text);
});

test('pads to the widest cell', () => {
  expect(
    drawTable([
      ['a', 'bb', 'c'],
      ['aaa', 'b', '1000'],
    ]),
  ).toEqual(['a    bb     c', 'aaa  b   1000']);
});
