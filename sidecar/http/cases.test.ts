/** The tables of cases: what the codec makes of bytes that one parser takes for this and another for that. */
import { describe, expect, test } from 'vitest';
import type { Case, Verdict } from './testing/cases/case.ts';
import { REQUEST_CASES } from './testing/cases/request-cases.ts';
import { RESPONSE_CASES } from './testing/cases/response-cases.ts';
import { type Reading, readMessages, type Side } from './testing/message-reader.ts';

/** Longer ones are cut at some offsets only: each cut is a scan of all that came before it. */
const SHORT = 400;

/** As a row writes it. */
function verdictOf({ messages, standing, fault }: Reading): Verdict {
  const shown = messages
    .filter(({ complete }) => complete || standing !== 'refused')
    .map(({ start, content }) => (content === '' ? start : `${start} ${content}`));
  return { messages: shown, standing, fault };
}

/** Every offset of a short text; of a long one those near its ends and around the limits. */
function offsetsOf({ length }: string): number[] {
  if (length <= SHORT) return Array.from({ length }, (_, offset) => offset);
  const some = [1, 2, 15, 16, 17, 30 * 1024 + 4, 60 * 1024 - 1, 60 * 1024, 60 * 1024 + 1].filter(
    (at) => at < length,
  );
  return [...some, ...[1, 2, 3, 4, 5, 100].map((fromEnd) => length - fromEnd)];
}

function check(side: Side, rows: readonly Case[]): void {
  test.each(rows)('%s', (_, bytes, verdict) => {
    expect(verdictOf(readMessages(side, bytes))).toEqual(verdict);
  });

  test.each(rows)('however it is cut: %s', (_, bytes, verdict) => {
    for (const offset of offsetsOf(bytes)) {
      expect(verdictOf(readMessages(side, bytes, [offset])), `cut at ${offset}`).toEqual(verdict);
    }
    if (bytes.length > SHORT) return;
    const octetByOctet = Array.from(bytes, (__, offset) => offset);
    expect(verdictOf(readMessages(side, bytes, octetByOctet))).toEqual(verdict);
  });
}

describe.each(Object.entries(REQUEST_CASES))('%s of a request', (_, rows) => {
  check('request', rows);
});

describe.each(Object.entries(RESPONSE_CASES))('%s of a response', (_, [side, rows]) => {
  check(side, rows);
});

test('the tables are not thin', () => {
  expect(Object.values(REQUEST_CASES).flat().length).toBeGreaterThan(200);
  expect(Object.values(RESPONSE_CASES).flatMap(([, rows]) => rows).length).toBeGreaterThan(100);
});
