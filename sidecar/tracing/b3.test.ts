import { describe, expect, test } from 'vitest';
import { ENDPOINT } from './testing/records.ts';
import { Traced, valuesOf } from './testing/traced.ts';

const LONG = '463ac35c9f6413ad48485a3953bb6124';
const SHORT = '48485a3953bb6124';
const SPAN = 'a2fb4a1d1a96d312';
const PARENT = '0020000000000001';
const W3C_TRACE = '0af7651916cd43dd8448eb211c80319c';

interface Case {
  readonly lines: readonly string[];
  readonly recorded: boolean;
  /** The trace that is continued. */
  readonly trace?: string;
}

const CASES: readonly (readonly [string, Case])[] = [
  ['b3, accepted', { lines: [`b3: ${LONG}-${SPAN}-1`], recorded: true, trace: LONG }],
  [
    'b3, accepted, with its parent',
    { lines: [`b3: ${LONG}-${SPAN}-1-${PARENT}`], recorded: true, trace: LONG },
  ],
  ['b3, debug', { lines: [`b3: ${LONG}-${SPAN}-d`], recorded: true, trace: LONG }],
  ['b3, denied', { lines: [`b3: ${LONG}-${SPAN}-0`], recorded: false, trace: LONG }],
  ['b3, deferred', { lines: [`b3: ${LONG}-${SPAN}`], recorded: true, trace: LONG }],
  [
    'b3 with a short trace id',
    { lines: [`b3: ${SHORT}-${SPAN}-1`], recorded: true, trace: `${'0'.repeat(16)}${SHORT}` },
  ],
  ['b3, denied without identifiers', { lines: ['b3: 0'], recorded: false }],
  ['b3, accepted without identifiers', { lines: ['b3: 1'], recorded: true }],
  ['b3, debug without identifiers', { lines: ['b3: d'], recorded: true }],
  ['b3 in upper case is malformed', { lines: [`b3: ${LONG.toUpperCase()}-${SPAN}-1`], recorded: true }],
  ['b3 with a state that nobody knows', { lines: [`b3: ${LONG}-${SPAN}-2`], recorded: true }],
  ['b3 with a parent that is no id', { lines: [`b3: ${LONG}-${SPAN}-1-xyz`], recorded: true }],
  ['b3 with a trace of zeros', { lines: [`b3: ${'0'.repeat(32)}-${SPAN}-0`], recorded: true }],
  ['b3 without a span', { lines: [`b3: ${LONG}`], recorded: true }],
  ['b3 twice', { lines: [`b3: ${LONG}-${SPAN}-0`, `b3: ${LONG}-${SPAN}-0`], recorded: true }],
  [
    'x-b3, accepted',
    {
      lines: [`X-B3-TraceId: ${LONG}`, `X-B3-SpanId: ${SPAN}`, 'X-B3-Sampled: 1'],
      recorded: true,
      trace: LONG,
    },
  ],
  [
    'x-b3 as it was sent before it was written down',
    {
      lines: [`x-b3-traceid: ${LONG}`, `x-b3-spanid: ${SPAN}`, 'x-b3-sampled: false'],
      recorded: false,
      trace: LONG,
    },
  ],
  [
    'x-b3, true',
    {
      lines: [`x-b3-traceid: ${LONG}`, `x-b3-spanid: ${SPAN}`, 'x-b3-sampled: true'],
      recorded: true,
      trace: LONG,
    },
  ],
  [
    'x-b3, d',
    {
      lines: [`x-b3-traceid: ${LONG}`, `x-b3-spanid: ${SPAN}`, 'x-b3-sampled: d'],
      recorded: true,
      trace: LONG,
    },
  ],
  [
    'x-b3, debug by its flags, whatever else it says',
    {
      lines: [`x-b3-traceid: ${SHORT}`, `x-b3-spanid: ${SPAN}`, 'x-b3-sampled: 0', 'x-b3-flags: 1'],
      recorded: true,
      trace: `${'0'.repeat(16)}${SHORT}`,
    },
  ],
  [
    'x-b3, denied',
    {
      lines: [
        `x-b3-traceid: ${LONG}`,
        `x-b3-spanid: ${SPAN}`,
        `x-b3-parentspanid: ${PARENT}`,
        'x-b3-sampled: 0',
      ],
      recorded: false,
      trace: LONG,
    },
  ],
  ['x-b3, a decision alone', { lines: ['x-b3-sampled: 0'], recorded: false }],
  [
    'x-b3 without a span: its decision stands',
    { lines: [`x-b3-traceid: ${LONG}`, 'x-b3-sampled: 0'], recorded: false },
  ],
  [
    'x-b3 with a line twice',
    {
      lines: [`x-b3-traceid: ${LONG}`, `x-b3-spanid: ${SPAN}`, 'x-b3-sampled: 0', 'x-b3-sampled: 0'],
      recorded: true,
    },
  ],
  [
    'b3 goes before x-b3',
    { lines: ['x-b3-sampled: 0', `b3: ${LONG}-${SPAN}-1`], recorded: true, trace: LONG },
  ],
  [
    'x-b3 stands in for a b3 that is malformed',
    {
      lines: ['b3: nothing', `x-b3-traceid: ${LONG}`, `x-b3-spanid: ${SPAN}`, 'x-b3-sampled: 0'],
      recorded: false,
      trace: LONG,
    },
  ],
  [
    'traceparent goes before both',
    {
      lines: [`b3: ${LONG}-${SPAN}-0`, `traceparent: 00-${W3C_TRACE}-${SPAN}-01`, 'x-b3-sampled: 0'],
      recorded: true,
      trace: W3C_TRACE,
    },
  ],
  [
    'b3 stands in for a traceparent that is malformed',
    {
      lines: [`traceparent: 00-${W3C_TRACE}-${SPAN}-1`, 'tracestate: a=1', `b3: ${LONG}-${SPAN}-1`],
      recorded: true,
      trace: LONG,
    },
  ],
];

describe('B3', () => {
  test.each(CASES)('%s', (_name, { lines, recorded, trace }) => {
    const outcome = new Traced().request(lines);
    expect(outcome.trace !== undefined).toBe(recorded);
    if (recorded && trace !== undefined) expect(outcome.trace?.traceId).toBe(trace);
    if (recorded) expect(outcome.trace?.traceId).toMatch(/^[0-9a-f]{32}$/);
    if (!recorded && trace !== undefined) expect(outcome.hasContext).toBe(true);
  });

  test('a deferred decision is ours', () => {
    const lines = [`b3: ${LONG}-${SPAN}`];
    const outcome = new Traced({ share: 0 }).request(lines);
    expect(outcome.trace).toBeUndefined();
    expect(outcome.lines).toContain(lines[0]);
  });
});

describe('a request that is recorded is told on', () => {
  const ids = /^00-([0-9a-f]{32})-([0-9a-f]{16})-0[13]$/;

  test('in each format that it came in, with one span', () => {
    const { lines, trace } = new Traced().request([
      `b3: ${LONG}-${SPAN}-1`,
      `x-b3-traceid: ${LONG}`,
      `x-b3-spanid: ${SPAN}`,
      'x-b3-sampled: 1',
    ]);
    const [, traceId, spanId] = ids.exec(valuesOf(lines, 'traceparent')[0]!)!;
    expect(traceId).toBe(LONG);
    expect(valuesOf(lines, 'b3')).toEqual([`${LONG}-${spanId}-1-${trace?.spanId}`]);
    expect(valuesOf(lines, 'x-b3-traceid')).toEqual([LONG]);
    expect(valuesOf(lines, 'x-b3-spanid')).toEqual([spanId]);
    expect(valuesOf(lines, 'x-b3-parentspanid')).toEqual([trace?.spanId]);
    expect(valuesOf(lines, 'x-b3-sampled')).toEqual(['1']);
  });

  test('debug stays debug, said once', () => {
    const { lines } = new Traced().request([
      `x-b3-traceid: ${LONG}`,
      `x-b3-spanid: ${SPAN}`,
      'x-b3-flags: 1',
      'b3: d',
    ]);
    expect(valuesOf(lines, 'b3')[0]).toMatch(/-d-/);
    expect(valuesOf(lines, 'x-b3-flags')).toEqual(['1']);
    expect(valuesOf(lines, 'x-b3-sampled')).toEqual([]);
  });

  test('a short trace id stays short where it came so', () => {
    const { lines } = new Traced().request([`b3: ${SHORT}-${SPAN}-1`]);
    expect(valuesOf(lines, 'b3')[0]).toMatch(new RegExp(`^${SHORT}-`));
    expect(valuesOf(lines, 'traceparent')[0]).toMatch(new RegExp(`^00-${'0'.repeat(16)}${SHORT}-`));
  });

  test('B3 that nobody sent is not written', () => {
    const { lines } = new Traced().request([`traceparent: 00-${W3C_TRACE}-${SPAN}-01`]);
    expect(lines.filter((line) => /b3/i.test(line))).toEqual([]);
  });

  test('each try stamps its own span into every format', () => {
    const { trace } = new Traced().request([`b3: ${LONG}-${SPAN}-1`, 'x-b3-sampled: 1']);
    const out = Buffer.from(trace!.lines);
    const endpoint = { key: '10.0.0.1:80' } as never;
    trace!.tryBegan(endpoint, 0);
    trace!.stamp(out, 0);
    expect(out.equals(trace!.lines)).toBe(true);
    trace!.tryEnded(1, 503, '-', '');
    trace!.tryBegan(endpoint, 2);
    trace!.stamp(out, 0);
    const lines = out.toString('latin1').split('\r\n');
    const [, , spanId] = ids.exec(valuesOf(lines, 'traceparent')[0]!)!;
    expect(trace!.lines.includes(spanId!)).toBe(false);
    expect(valuesOf(lines, 'x-b3-spanid')).toEqual([spanId]);
    expect(valuesOf(lines, 'b3')[0]).toContain(`-${spanId}-1-`);
  });
});

test.each<[string, string, string[]]>([
  ['tracestate', 'tracestate', ['traceparent', 'b3', 'x-b3-traceid', 'x-b3-spanid', 'x-b3-sampled']],
  ['the one line', 'b3', ['traceparent', 'tracestate', 'x-b3-traceid', 'x-b3-spanid', 'x-b3-sampled']],
  ['one of several lines', 'x-b3-sampled', ['traceparent', 'tracestate', 'b3']],
])('%s is left to a rule that decides on it', (_what, governed, left) => {
  const { trace } = new Traced().request([
    `traceparent: 00-${LONG}-${SPAN}-01`,
    'tracestate: a=1',
    `b3: ${LONG}-${SPAN}-1`,
    'x-b3-sampled: 1',
  ]);
  trace!.yieldTo((name) => name === governed);
  trace!.tryBegan(ENDPOINT, 0);
  trace!.tryBegan(ENDPOINT, 1);
  const copy = Buffer.from(trace!.lines);
  trace!.stamp(copy, 0);
  const lines = copy.toString('latin1').split('\r\n').slice(0, -1);
  const names = lines.map((line) => line.slice(0, line.indexOf(':')));
  expect(names.filter((name) => name !== 'x-b3-parentspanid')).toEqual(left);
});

test('a mirrored copy names the request itself, and its caller as the parent', () => {
  const { trace } = new Traced().request([`b3: ${LONG}-${SPAN}-1`, 'x-b3-sampled: 1']);
  const copy = Buffer.from(trace!.lines);
  trace!.stampCopy(copy, 0);
  const lines = copy.toString('latin1').split('\r\n');
  expect(valuesOf(lines, 'traceparent')).toEqual([`00-${LONG}-${trace?.spanId}-01`]);
  expect(valuesOf(lines, 'b3')).toEqual([`${LONG}-${trace?.spanId}-1-${SPAN}`]);
  expect(valuesOf(lines, 'x-b3-spanid')).toEqual([trace?.spanId]);
  expect(valuesOf(lines, 'x-b3-parentspanid')).toEqual([SPAN]);
});

test('what the request before said in one line is not taken for what this one says in several', () => {
  const traced = new Traced({ share: 0 });
  const trace = '80f198ee56343ba864fe8b2a57d3eff7';
  /** Both ids stand at the same offset. */
  traced.request(['p: 01234', `b3: ${trace}-e457b5a2e4d86bd1-0`]);
  const { hasContext } = traced.request([
    `x-b3-traceid: ${trace}`,
    'x-b3-spanid: e457b5a2e4d86bd1',
    'x-b3-sampled: 0',
  ]);
  expect(hasContext).toBe(true);
});

describe('a request that is not recorded goes on', () => {
  test.each<[string, string[], string[]]>([
    ['as it came', [`b3: ${LONG}-${SPAN}-0`], [`b3: ${LONG}-${SPAN}-0`]],
    [
      'without formats that contradict',
      [`traceparent: 00-${W3C_TRACE}-${SPAN}-00`, `b3: ${LONG}-${SPAN}-0`],
      [`traceparent: 00-${W3C_TRACE}-${SPAN}-00`],
    ],
    [
      'without decisions that contradict',
      [`traceparent: 00-${W3C_TRACE}-${SPAN}-00`, `b3: ${W3C_TRACE}-${SPAN}-1`, 'x-b3-sampled: 1'],
      [`traceparent: 00-${W3C_TRACE}-${SPAN}-00`],
    ],
    [
      'with formats that agree',
      [`traceparent: 00-${W3C_TRACE}-${SPAN}-00`, `b3: ${W3C_TRACE}-${SPAN}-0`, 'x-b3-sampled: 0'],
      [`traceparent: 00-${W3C_TRACE}-${SPAN}-00`, `b3: ${W3C_TRACE}-${SPAN}-0`, 'x-b3-sampled: 0'],
    ],
    ['without what is malformed', ['b3: 0', 'x-b3-traceid: 1', 'x-b3-spanid: 1'], ['b3: 0']],
  ])('%s', (_name, lines, left) => {
    expect(new Traced().request(lines).lines).toEqual(['host: app.test', ...left]);
  });
});
