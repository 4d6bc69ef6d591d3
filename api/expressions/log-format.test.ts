import { expect, test } from 'vitest';
import {
  DEFAULT_JSON_FORMAT,
  DEFAULT_TEXT_FORMAT,
  isCommand,
  logFormatProblem,
  parseLogFormat,
} from './log-format.ts';
import { compileTimeFormat } from './time-format.ts';

const none = { argument: undefined, maxLength: undefined };

test.each([
  ['plain', ['plain']],
  ['', []],
  ['100%%', ['100%']],
  ['%PROTOCOL%', [{ operator: 'PROTOCOL', ...none }]],
  ['a %REQ(X-A?:PATH):10% b', ['a ', { operator: 'REQ', argument: 'X-A?:PATH', maxLength: 10 }, ' b']],
  ['%START_TIME(%Y/%m %H:%M)%', [{ ...none, operator: 'START_TIME', argument: '%Y/%m %H:%M' }]],
  [
    '%DURATION%%BYTES_SENT%',
    [
      { operator: 'DURATION', ...none },
      { operator: 'BYTES_SENT', ...none },
    ],
  ],
])('reads %j', (text, expected) => {
  expect(parseLogFormat(text)).toEqual(expected);
});

test("Istio's formats hold only what is known", () => {
  expect(logFormatProblem({ text: DEFAULT_TEXT_FORMAT })).toBeUndefined();
  expect(logFormatProblem({ json: DEFAULT_JSON_FORMAT })).toBeUndefined();
  expect(parseLogFormat(DEFAULT_TEXT_FORMAT).filter(isCommand)).toHaveLength(24);
});

test.each([
  ['%NOTHING%', '%NOTHING%'],
  ['%DYNAMIC_METADATA(a:b)%', '%DYNAMIC_METADATA%'],
  ['%FILTER_STATE(a)%', '%FILTER_STATE%'],
  ['%constructor%', '%constructor'],
  ['half %PROTOCOL', '%PROTOCOL'],
  ['50% of', '% of'],
  ['%REQ%', 'name of a header'],
  ['%REQ()%', 'name of a header'],
  ['%REQ(a?b?c)%', 'name of a header'],
  ['%REQ(a b)%', 'name of a header'],
  ['%REQ(a):0%', 'at least 1'],
  ['%PROTOCOL:3%', 'only the value of a header can be cut'],
  ['%START_TIME(%s):3%', 'only the value of a header can be cut'],
  ['%PROTOCOL(x)%', 'parentheses'],
  ['%START_TIME(%Q)%', '%Q'],
  ['%COMMON_DURATION(DS_RX_BEG:DS_TX_END)%', 'FROM:TO:UNIT'],
  ['%COMMON_DURATION(DS_RX_BEG:NEVER:ms)%', 'FROM:TO:UNIT'],
  ['%DURATION%'.repeat(101), '100'],
  ['a'.repeat(9000), '8192'],
])('refuses %.60s by name', (text, named) => {
  expect(logFormatProblem({ text })).toContain(named);
  expect(logFormatProblem({ json: { nested: { field: text } } })).toContain(named);
});

test.each([
  [{ a: null }, 'a must be'],
  [{ a: ['%PROTOCOL%'] }, 'a must be'],
  [Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`f${i}`, '%DURATION%'])), '100'],
])('refuses the JSON format %.60j', (json, named) => {
  expect(logFormatProblem({ json: json as never })).toContain(named);
});

const AT = Date.UTC(2030, 0, 2, 3, 4, 5) + 67.891;

test.each([
  ['%Y-%m-%dT%H:%M:%S.%3fZ', '2030-01-02T03:04:05.067Z'],
  ['%Y/%m/%dT%H:%M:%S%z', '2030/01/02T03:04:05+0000'],
  ['%s', '1893553445'],
  ['%s.%6f', '1893553445.067891'],
  ['%1f %f', '0 067891000'],
  ['%E3S %E*S', '05.067 05.067'],
  ['%a %b %e %T %Z', 'Wed Jan  2 03:04:05 UTC'],
  ['%A %B %d %I:%M %p', 'Wednesday January 02 03:04 AM'],
  ['%F %R %D', '2030-01-02 03:04 01/02/30'],
  ['%j %y %u %%', '002 30 3 %'],
])('a time as %j', (format, expected) => {
  expect(compileTimeFormat(format)(AT)).toBe(expected);
});
