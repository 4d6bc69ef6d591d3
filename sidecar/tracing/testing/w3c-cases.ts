/**
 * What W3C Trace Context asks of whoever continues a trace, as lines that come in and what has to go out. The behaviours are
 * those that the working group's own suite looks at (w3c/trace-context, test/test.py), told in cases of this project. Sections
 * are the Recommendation's (Level 1), by their anchors. Requests without a valid parent are recorded, as roots.
 */
export const TRACE = '12345678901234567890123456789012';
export const SPAN = '1234567890123456';
const PARENT = `traceparent: 00-${TRACE}-${SPAN}-01`;

export interface W3cCase {
  readonly section: string;
  readonly name: string;
  /** Header lines, without their CRLF. */
  readonly lines: readonly string[];
  /** `continued`: the trace goes on, with a new span. `passed`: not recorded, so the caller's span stays. `new`: it begins here. */
  readonly trace: 'continued' | 'passed' | 'new';
  /** Flags that go out; of new traces sampled and random. */
  readonly flags?: string;
  /** The tracestate that goes out; none unless it is said. */
  readonly tracestate?: string;
}

const LONG_KEY = 'z'.repeat(256);
const LONG_TENANT = `${'t'.repeat(241)}@${'v'.repeat(14)}`;
/** 512 characters. */
const FULL = `a=${'x'.repeat(253)},b=${'y'.repeat(254)}`;
const numbered = (count: number): string =>
  Array.from(
    { length: count },
    (_, i) => `bar${String(i + 1).padStart(2, '0')}=${String(i + 1).padStart(2, '0')}`,
  ).join(',');

/** `traceparent` lines that nobody may continue. */
const INVALID_PARENTS: readonly (readonly [section: string, name: string, ...lines: string[]])[] = [
  ['trace-id', 'a trace id of zeros', `traceparent: 00-${'0'.repeat(32)}-${SPAN}-01`],
  ['parent-id', 'a parent id of zeros', `traceparent: 00-${TRACE}-${'0'.repeat(16)}-01`],
  ['trace-id', 'a trace id with a letter beyond f', `traceparent: 00-.${TRACE.slice(1)}-${SPAN}-01`],
  ['trace-id', 'a trace id in upper case', `traceparent: 00-ABCDEF${TRACE.slice(6)}-${SPAN}-01`],
  ['parent-id', 'a parent id with a dot', `traceparent: 00-${TRACE}-.${SPAN.slice(1)}-01`],
  ['parent-id', 'a parent id in upper case', `traceparent: 00-${TRACE}-ABCDEF${SPAN.slice(6)}-01`],
  ['version-format', 'a trace id that is too long', `traceparent: 00-${TRACE}3-${SPAN}-01`],
  ['version-format', 'a trace id that is too short', `traceparent: 00-${TRACE.slice(1)}-${SPAN}-01`],
  ['version-format', 'a parent id that is too long', `traceparent: 00-${TRACE}-${SPAN}7-01`],
  ['version-format', 'a parent id that is too short', `traceparent: 00-${TRACE}-${SPAN.slice(1)}-01`],
  ['trace-flags', 'flags that are no digits', `traceparent: 00-${TRACE}-${SPAN}-.0`],
  ['trace-flags', 'flags in upper case', `traceparent: 00-${TRACE}-${SPAN}-0A`],
  ['trace-flags', 'one digit of flags', `traceparent: 00-${TRACE}-${SPAN}-1`],
  ['trace-flags', 'three digits of flags', `traceparent: 00-${TRACE}-${SPAN}-001`],
  ['version', 'the forbidden version', `traceparent: ff-${TRACE}-${SPAN}-01`],
  ['version', 'a version that is no number', `traceparent: .0-${TRACE}-${SPAN}-01`],
  ['version', 'a version in upper case', `traceparent: CC-${TRACE}-${SPAN}-01`],
  ['version', 'one digit of version', `traceparent: 0-${TRACE}-${SPAN}-01`],
  ['version', 'three digits of version', `traceparent: 000-${TRACE}-${SPAN}-01`],
  ['version-format', 'version 00 with more behind', `traceparent: 00-${TRACE}-${SPAN}-01-what-follows`],
  ['version-format', 'version 00 with a hyphen behind', `traceparent: 00-${TRACE}-${SPAN}-01-`],
  [
    'versioning-of-traceparent',
    'a later version with more behind and no hyphen',
    `traceparent: cc-${TRACE}-${SPAN}-01.what`,
  ],
  ['version-format', 'no hyphens', `traceparent: 00${TRACE}${SPAN}01`],
  ['version-format', 'other separators', `traceparent: 00_${TRACE}_${SPAN}_01`],
  ['traceparent-header', 'an empty value', 'traceparent: '],
  [
    'traceparent-header',
    'two parents that differ',
    PARENT,
    `traceparent: 00-${TRACE}-${SPAN.replace('1', '2')}-01`,
  ],
  ['traceparent-header', 'the same parent twice', PARENT, PARENT],
  ['header-name', 'a name with a hyphen', PARENT.replace('traceparent', 'trace-parent')],
  ['header-name', 'a name with an underscore', PARENT.replace('traceparent', 'trace_parent')],
  ['traceparent-header', 'two parents in one line', `${PARENT}, 00-${TRACE}-${SPAN}-01`],
];

/** `traceparent` lines that are continued. */
const VALID_PARENTS: readonly W3cCase[] = [
  {
    section: 'traceparent-header-field-values',
    name: 'a sampled parent',
    lines: [PARENT],
    trace: 'continued',
    flags: '01',
  },
  {
    section: 'sampled-flag',
    name: 'a parent that is not sampled',
    lines: [`traceparent: 00-${TRACE}-${SPAN}-00`],
    trace: 'passed',
    flags: '00',
  },
  {
    section: 'other-flags',
    name: 'flags that nobody knows are not sent on',
    lines: [`traceparent: 00-${TRACE}-${SPAN}-fd`],
    trace: 'continued',
    flags: '01',
  },
  {
    section: 'Level 2, random-trace-id-flag',
    name: 'that the trace id is random is told on',
    lines: [`traceparent: 00-${TRACE}-${SPAN}-03`],
    trace: 'continued',
    flags: '03',
  },
  {
    section: 'header-name',
    name: 'a name in upper case',
    lines: [PARENT.replace('traceparent', 'TraceParent')],
    trace: 'continued',
  },
  {
    section: 'header-name',
    name: 'white space around the value',
    lines: [`traceparent:\t  ${PARENT.slice(13)} \t`],
    trace: 'continued',
  },
  {
    section: 'versioning-of-traceparent',
    name: 'a later version is read as this one',
    lines: [`traceparent: cc-${TRACE}-${SPAN}-01`],
    trace: 'continued',
    flags: '01',
  },
  {
    section: 'versioning-of-traceparent',
    name: 'a later version with more behind',
    lines: [`traceparent: cc-${TRACE}-${SPAN}-01-what-follows`],
    trace: 'continued',
    flags: '01',
  },
  {
    section: 'versioning-of-traceparent',
    name: 'a later version with a hyphen behind',
    lines: [`traceparent: cc-${TRACE}-${SPAN}-01-`],
    trace: 'continued',
    flags: '01',
  },
  {
    section: 'version-format',
    name: 'a trace id with zeros in front',
    lines: [`traceparent: 00-${'0'.repeat(31)}1-${SPAN}-01`],
    trace: 'continued',
  },
];

/** `tracestate` beside a valid parent: what goes out. */
const STATES: readonly (readonly [section: string, name: string, states: readonly string[], out?: string])[] =
  [
    ['tracestate-header-field-values', 'one member', ['foo=1'], 'foo=1'],
    ['list', 'several members', ['foo=1,bar=2'], 'foo=1,bar=2'],
    [
      'combined-header-value',
      'several lines, in their order',
      ['foo=1,bar=2', 'rojo=1,congo=2', 'baz=3'],
      'foo=1,bar=2,rojo=1,congo=2,baz=3',
    ],
    ['list', 'spaces and tabs around members', ['foo=1 \t , \t bar=2, \t baz=3'], 'foo=1,bar=2,baz=3'],
    ['list', 'spaces and tabs around lines', ['foo=1\t \t', '\t bar=2'], 'foo=1,bar=2'],
    ['list', 'empty members', ['foo=1, ,bar=2,,'], 'foo=1,bar=2'],
    ['list', 'an empty line among others', ['foo=1', '', 'bar=2'], 'foo=1,bar=2'],
    ['list', 'nothing at all', ['']],
    ['list', '32 members', [numbered(32)], numbered(32)],
    ['list', '33 members', [numbered(33)]],
    ['list', '33 members in two lines', [numbered(32), 'more=1']],
    ['key', 'a key that stands twice', ['foo=1,foo=2'], 'foo=1'],
    ['key', 'a key that stands in two lines', ['foo=1', 'bar=2,foo=3'], 'foo=1,bar=2'],
    ['key', 'all characters of a key', ['a-_*/0=1'], 'a-_*/0=1'],
    ['key', 'a key of a tenant', ['0t-_*/@sys-_*/0=1'], '0t-_*/@sys-_*/0=1'],
    ['key', 'a space before the equals sign', ['foo =1']],
    ['key', 'a key in upper case', ['FOO=1']],
    ['key', 'a key with a dot', ['foo.bar=1']],
    ['key', 'a key that begins with a digit', ['0foo=1']],
    ['key', 'nothing before the at sign', ['@foo=1,bar=2']],
    ['key', 'nothing behind the at sign', ['foo@=1,bar=2']],
    ['key', 'two at signs', ['foo@@bar=1,bar=2']],
    ['key', 'at signs on both sides', ['foo@bar@baz=1,bar=2']],
    ['key', 'a system that begins with a digit', ['foo@1sys=1']],
    ['key', 'a key of 256 characters', [`foo=1,${LONG_KEY}=1`], `foo=1,${LONG_KEY}=1`],
    ['key', 'a key of 257 characters', [`foo=1,${LONG_KEY}z=1`]],
    [
      'key',
      'a tenant of 241 characters and a system of 14',
      [`foo=1,${LONG_TENANT}=1`],
      `foo=1,${LONG_TENANT}=1`,
    ],
    ['key', 'a tenant of 242 characters', [`foo=1,t${LONG_TENANT}=1`]],
    ['key', 'a system of 15 characters', [`foo=1,${LONG_TENANT}v=1`]],
    ['value', 'a value with spaces inside', ['foo=bar baz'], 'foo=bar baz'],
    ['value', 'a value with space in front', ['foo= 1'], 'foo= 1'],
    [
      'value',
      'all characters of a value',
      ['foo=!"#$%&\'()*+-./0:;<>?@A[\\]^_`a{|}~'],
      'foo=!"#$%&\'()*+-./0:;<>?@A[\\]^_`a{|}~',
    ],
    ['value', 'a second equals sign', ['foo=bar=baz']],
    ['value', 'no value', ['foo=,bar=3']],
    ['value', 'no equals sign', ['foo,bar=3']],
    ['value', 'a value of 256 characters', [`foo=${'v'.repeat(256)}`], `foo=${'v'.repeat(256)}`],
    ['value', 'a value of 257 characters', [`foo=${'v'.repeat(257)}`]],
    ['value', 'a character above ASCII', ['foo=\u00e4']],
    ['tracestate-limits', 'at 512 characters all is kept', [FULL], FULL],
    [
      'tracestate-limits',
      'beyond, long members go first',
      [`big=${'x'.repeat(200)},foo=1,huge=${'y'.repeat(250)},bar=${'z'.repeat(100)}`],
      `foo=1,bar=${'z'.repeat(100)}`,
    ],
    [
      'tracestate-limits',
      'and then the last ones',
      [Array.from({ length: 6 }, (_, i) => `k${i}=${'x'.repeat(100)}`).join(',')],
      Array.from({ length: 4 }, (_, i) => `k${i}=${'x'.repeat(100)}`).join(','),
    ],
  ];

export const W3C_CASES: readonly W3cCase[] = [
  { section: 'no-traceparent-received', name: 'no context', lines: [], trace: 'new' },
  ...VALID_PARENTS,
  ...INVALID_PARENTS.map(([section, name, ...lines]): W3cCase => ({ section, name, lines, trace: 'new' })),
  ...STATES.map(
    ([section, name, states, out]): W3cCase => ({
      section,
      name: `tracestate: ${name}`,
      lines: [PARENT, ...states.map((state) => `tracestate: ${state}`)],
      trace: 'continued',
      ...(out === undefined ? {} : { tracestate: out }),
    }),
  ),
  {
    section: 'tracestate-header',
    name: 'tracestate without a parent',
    lines: ['tracestate: foo=1'],
    trace: 'new',
  },
  {
    section: 'tracestate-header',
    name: 'tracestate beside a parent that is malformed',
    lines: [`traceparent: 00-${TRACE}-${SPAN}-1`, 'tracestate: foo=1'],
    trace: 'new',
  },
  {
    section: 'header-name-0',
    name: 'tracestate in front of its parent, with its name in upper case',
    lines: ['TRACESTATE: foo=1', PARENT],
    trace: 'continued',
    tracestate: 'foo=1',
  },
  {
    section: 'tracestate-header',
    name: 'tracestate of a trace that is not recorded goes on',
    lines: [`traceparent: 00-${TRACE}-${SPAN}-00`, 'tracestate: foo=1,bar=2'],
    trace: 'passed',
    tracestate: 'foo=1,bar=2',
  },
  {
    section: 'list-members',
    name: 'malformed, it does not, and the parent does',
    lines: [`traceparent: 00-${TRACE}-${SPAN}-00`, 'tracestate: foo=1,bar='],
    trace: 'passed',
  },
];
