import { describe, expect, test } from 'vitest';
import { readTimeoutHeaders } from './deadline-headers.ts';
import { deadlineOffset, putDeadline, putDeadlineLine } from './deadline-line.ts';
import { Head } from './head.ts';
import { scanRequest } from './scan-request.ts';

const NONE = Number.POSITIVE_INFINITY;
const EXPECTED = 'X-Envoy-Expected-Rq-Timeout-Ms';
const REQUEST = 'x-envoy-upstream-rq-timeout-ms';
const PER_TRY = 'x-envoy-upstream-rq-per-try-timeout-ms';

function read(...lines: string[]) {
  const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${lines.map((l) => `${l}\r\n`).join('')}\r\n`);
  const head = new Head();
  expect(scanRequest(bytes, 0, bytes.length, head)).toBe(bytes.length);
  const { remainingMs, requestMs, tryMs } = readTimeoutHeaders(bytes, head);
  const cut = lines.filter((_, i) => head.cut[i + 1] === 1);
  return { limits: [remainingMs, requestMs, tryMs], cut };
}

describe('timeout headers', () => {
  test.each<[string[], number[]]>([
    [[], [NONE, NONE, NONE]],
    [[`${EXPECTED}: 50`], [50, NONE, NONE]],
    [[`${EXPECTED}:     50`], [50, NONE, NONE]],
    [[`${EXPECTED}: 0`], [0, NONE, NONE]],
    [[`${EXPECTED}: -3`], [0, NONE, NONE]],
    [
      [`${EXPECTED}: 80`, `${EXPECTED}: 50`],
      [50, NONE, NONE],
    ],
    [[`${EXPECTED}: soon`], [NONE, NONE, NONE]],
    [[`${EXPECTED}: 1e3`], [NONE, NONE, NONE]],
    [[`${EXPECTED}: 1000000000`], [NONE, NONE, NONE]],
    [[`${REQUEST}: 100`], [NONE, 100, NONE]],
    [[`${REQUEST}: 0`], [NONE, NONE, NONE]],
    [[`${PER_TRY}: 20`], [NONE, NONE, 20]],
    [[`${PER_TRY}: 0`], [NONE, NONE, NONE]],
    [
      [`${PER_TRY}: 20`, `${REQUEST}: 100`, `${EXPECTED}: 90`],
      [90, 100, 20],
    ],
  ])('%j', (lines, limits) => {
    expect(read(...lines)).toEqual({ limits, cut: lines });
  });

  test.each([
    ['2H', 7_200_000],
    ['3M', 180_000],
    ['4S', 4000],
    ['50m', 50],
    ['50000u', 50],
    ['50000000n', 50],
    ['123456789m', NONE],
    ['50', NONE],
    ['5 m', NONE],
    ['-5m', NONE],
  ])('grpc-timeout: %s is %d ms, and travels on', (value, ms) => {
    const { limits, cut } = read(`grpc-timeout: ${value}`);
    expect(limits[0]).toBeCloseTo(ms);
    expect(cut).toEqual([]);
  });
});

describe('deadline line', () => {
  test.each([
    [1, '        1'],
    [50, '       50'],
    [15_000, '    15000'],
    [999_999_999, '999999999'],
    [5e12, '999999999'],
  ])('tells %i ms', (ms, digits) => {
    const out = Buffer.alloc(200);
    const head = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';
    out.write(head);
    const length = putDeadlineLine(out, head.length);
    const text = (): string => out.toString('latin1', 0, length);
    const before = 'GET / HTTP/1.1\r\nhost: a\r\nx-envoy-expected-rq-timeout-ms: ';
    expect(text()).toBe(`${before}999999999\r\n\r\n`);
    putDeadline(out, deadlineOffset(length), ms);
    expect(text()).toBe(`${before}${digits}\r\n\r\n`);
  });
});
