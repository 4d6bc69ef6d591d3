/** Whatever comes in, what goes out is valid, and its formats say the same. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Traced, valuesOf } from './testing/traced.ts';

const hex = (digits: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`)) },
    { weight: 1, arbitrary: fc.constant('0'.repeat(digits)) },
    { weight: 1, arbitrary: fc.stringMatching(new RegExp(`^[0-9A-Fx.]{${digits - 1},${digits + 1}}$`)) },
  );
const TRACES = ['0af7651916cd43dd8448eb211c80319c', '8448eb211c80319c', `${'0'.repeat(16)}8448eb211c80319c`];
const trace = fc.oneof(fc.constantFrom(...TRACES), hex(32), hex(16));
const span = fc.oneof(fc.constant('b7ad6b7169203331'), hex(16));
const traceparent = fc
  .tuple(
    fc.constantFrom('00', '00', '00', '01', 'cc', 'ff', '0'),
    trace,
    span,
    hex(2),
    fc.constantFrom('', '', '', '-x', '-', '.x'),
  )
  .map(([version, traceId, spanId, flags, rest]) => `${version}-${traceId}-${spanId}-${flags}${rest}`);
const state = fc.constantFrom('', '-0', '-1', '-d', '-2', '-1-b7ad6b7169203331', '-0-zz', '-');
const b3 = fc.oneof(
  fc.constantFrom('0', '1', 'd', 'x', ''),
  fc.tuple(trace, span, state).map(([traceId, spanId, rest]) => `${traceId}-${spanId}${rest}`),
);
const octets = fc.stringMatching(/^[ -~\x80-\xff]{0,40}$/);
const member = fc.oneof(
  fc.stringMatching(/^[a-z][a-z0-9_*/-]{0,5}=[!-+.-<>-~]{1,5}$/),
  fc.stringMatching(/^[a-z@A-Z0-9=,. ]{0,12}$/),
  fc.constant(`k=${'v'.repeat(250)}`),
);
const tracestate = fc.array(member, { maxLength: 40 }).map((members) => members.join(','));
const line = fc.oneof(
  traceparent.map((value) => `traceparent: ${value}`),
  tracestate.map((value) => `tracestate: ${value}`),
  b3.map((value) => `b3: ${value}`),
  trace.map((value) => `X-B3-TraceId: ${value}`),
  span.map((value) => `x-b3-spanid: ${value}`),
  span.map((value) => `x-b3-parentspanid: ${value}`),
  fc.constantFrom('0', '1', 'true', 'false', 'd', '2', '').map((value) => `x-b3-sampled: ${value}`),
  fc.constantFrom('0', '1', '2', 'x').map((value) => `x-b3-flags: ${value}`),
  fc
    .tuple(fc.constantFrom('traceparent', 'tracestate', 'b3', 'x-b3-traceid', 'x-b3-sampled'), octets)
    .map(([name, value]) => `${name}: ${value.trim()}`),
);

const PARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const B3 = /^(?:([01d])|([0-9a-f]{32}|[0-9a-f]{16})-([0-9a-f]{16})(?:-([01d])(?:-[0-9a-f]{16})?)?)$/;
const KEY = /^(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})$/;
const VALUE = /^[ !-+.-<>-~]{0,255}[!-+.-<>-~]$/;

interface Said {
  readonly trace: string | undefined;
  readonly span: string | undefined;
  readonly sampled: boolean | undefined;
}

const padded = (id: string | undefined): string | undefined => id?.padStart(32, '0');

/** What each format says that is there; fails where one is malformed. */
function said(lines: readonly string[]): Said[] {
  const all: Said[] = [];
  const parents = valuesOf(lines, 'traceparent');
  expect(parents.length).toBeLessThanOrEqual(1);
  for (const parent of parents) {
    const [, traceId, spanId, flags] = PARENT.exec(parent) ?? expect.fail(`traceparent ${parent}`);
    expect(/[1-9a-f]/.test(traceId!) && /[1-9a-f]/.test(spanId!)).toBe(true);
    all.push({ trace: traceId, span: spanId, sampled: (Number.parseInt(flags!, 16) & 1) === 1 });
  }
  const singles = valuesOf(lines, 'b3');
  expect(singles.length).toBeLessThanOrEqual(1);
  for (const single of singles) {
    const [, alone, traceId, spanId, decision] = B3.exec(single) ?? expect.fail(`b3 ${single}`);
    const told = alone ?? decision;
    all.push({
      trace: padded(traceId),
      span: spanId,
      sampled: told === undefined ? undefined : told !== '0',
    });
  }
  const one = (name: string): string | undefined => {
    const values = valuesOf(lines, name);
    expect(values.length).toBeLessThanOrEqual(1);
    return values[0];
  };
  const parts = ['x-b3-traceid', 'x-b3-spanid', 'x-b3-sampled', 'x-b3-flags'].map(one);
  const [traceId, spanId, sampled, flags] = parts;
  if (parts.some((part) => part !== undefined)) {
    expect(traceId === undefined).toBe(spanId === undefined);
    const told = flags === '1' ? true : sampled === undefined ? undefined : /^(?:1|true|d)$/.test(sampled);
    all.push({ trace: padded(traceId), span: spanId, sampled: told });
  }
  return all;
}

test.each([0, 1_000_000])('with a share of %i', (share) => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const outcome = new Traced({ share }).request(lines);
      const formats = said(outcome.lines);
      const [first] = formats;
      for (const each of formats) {
        expect(each.sampled).toBe(first?.sampled);
        if (each.trace !== undefined && first?.trace !== undefined) expect(each.trace).toBe(first.trace);
      }
      if (outcome.trace !== undefined) {
        expect(formats.length).toBeGreaterThan(0);
        expect(new Set(formats.map(({ span: id }) => id)).size).toBe(1);
        expect(first?.sampled).toBe(true);
        expect(first?.trace).toBe(outcome.trace.traceId);
      } else expect(first?.sampled ?? false).toBe(false);
      const states = valuesOf(outcome.lines, 'tracestate').filter((value) => value.trim() !== '');
      const members = states
        .flatMap((value) => value.split(','))
        .map((each) => each.replace(/^[ \t]+|[ \t]+$/g, ''));
      if (states.length > 0) expect(valuesOf(outcome.lines, 'traceparent')).toHaveLength(1);
      const full = members.filter((each) => each !== '');
      expect(full.length).toBeLessThanOrEqual(32);
      for (const each of full) {
        const equals = each.indexOf('=');
        expect(KEY.test(each.slice(0, equals)) && VALUE.test(each.slice(equals + 1))).toBe(true);
      }
      if (outcome.trace !== undefined) expect(states.join(',').length).toBeLessThanOrEqual(512);
    }),
    { numRuns: 1_000 },
  );
});
