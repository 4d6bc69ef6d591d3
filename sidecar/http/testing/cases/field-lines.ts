/** Field lines (RFC 9112 §5): names, white space, line ends, and how much of them there may be. */
import { type Case, get, ok, refuses, takes, waits } from './case.ts';

const NAME = 'RFC 9110 §5.1: token';
const VALUE = 'RFC 9110 §5.5';
const SPACE = 'RFC 9112 §5.1: no white space before the colon';
const FOLD = 'RFC 9112 §5.2: obs-fold';
const BARE = 'RFC 9112 §2.2: bare CR, bare LF';
const EVERY_MARK = "!#$%&'*+-.^_`|~9aZ";

interface Line {
  readonly why: string;
  readonly line: string;
  readonly verdict: 'good' | 'fieldName' | 'fieldValue' | 'lineEnd';
  readonly source: string;
}

const LINES: readonly Line[] = [
  { why: 'a line', line: 'X: a\r\n', verdict: 'good', source: NAME },
  { why: 'an empty value', line: 'X:\r\n', verdict: 'good', source: VALUE },
  { why: 'a value of white space', line: 'X: \t \r\n', verdict: 'good', source: VALUE },
  { why: 'a tab in a value', line: 'X: a\tb\r\n', verdict: 'good', source: VALUE },
  { why: 'colons in a value', line: 'X: a:b::c\r\n', verdict: 'good', source: VALUE },
  { why: 'obs-text in a value', line: 'X: \xe9\xff\x80\r\n', verdict: 'good', source: VALUE },
  { why: 'every mark of a token in a name', line: `${EVERY_MARK}: a\r\n`, verdict: 'good', source: NAME },
  { why: 'an underscore in a name', line: 'X_Y: a\r\n', verdict: 'good', source: NAME },
  { why: 'a name twice', line: 'X: a\r\nX: b\r\n', verdict: 'good', source: 'RFC 9110 §5.3' },
  { why: 'no name', line: ': a\r\n', verdict: 'fieldName', source: NAME },
  { why: 'no colon', line: 'X\r\n', verdict: 'fieldName', source: NAME },
  { why: 'no colon but an equals sign', line: 'X=a\r\n', verdict: 'fieldName', source: NAME },
  { why: 'a space before the colon', line: 'X : a\r\n', verdict: 'fieldName', source: SPACE },
  { why: 'a tab before the colon', line: 'X\t: a\r\n', verdict: 'fieldName', source: SPACE },
  { why: 'a vertical tab before the colon', line: 'X\x0b: a\r\n', verdict: 'fieldName', source: SPACE },
  { why: 'a no-break space before the colon', line: 'X\xa0: a\r\n', verdict: 'fieldName', source: SPACE },
  { why: 'NUL before the colon', line: 'X\0: a\r\n', verdict: 'fieldName', source: 'CVE-2019-9900' },
  { why: 'a space in a name', line: 'X Y: a\r\n', verdict: 'fieldName', source: NAME },
  { why: 'obs-text in a name', line: 'X\xe9: a\r\n', verdict: 'fieldName', source: NAME },
  { why: 'a control character in a name', line: 'X\x01: a\r\n', verdict: 'fieldName', source: NAME },
  { why: 'DEL in a name', line: 'X\x7f: a\r\n', verdict: 'fieldName', source: NAME },
  { why: 'parentheses in a name', line: 'X(Y): a\r\n', verdict: 'fieldName', source: NAME },
  { why: 'a comma in a name', line: 'X,Y: a\r\n', verdict: 'fieldName', source: NAME },
  { why: 'a slash in a name', line: 'X/Y: a\r\n', verdict: 'fieldName', source: NAME },
  { why: 'quotes around a name', line: '"X": a\r\n', verdict: 'fieldName', source: NAME },
  { why: 'an at in a name', line: 'X@Y: a\r\n', verdict: 'fieldName', source: NAME },
  { why: 'a bracket in a name', line: 'X[]: a\r\n', verdict: 'fieldName', source: NAME },
  { why: 'a backslash in a name', line: 'X\\: a\r\n', verdict: 'fieldName', source: NAME },
  { why: 'a CR in a name', line: 'X\rY: a\r\n', verdict: 'fieldName', source: BARE },
  { why: 'an LF in a name', line: 'X\nY: a\r\n', verdict: 'fieldName', source: BARE },
  { why: 'a fold with a space', line: 'X: a\r\n b\r\n', verdict: 'fieldName', source: FOLD },
  { why: 'a fold with a tab', line: 'X: a\r\n\tb\r\n', verdict: 'fieldName', source: FOLD },
  { why: 'a fold of white space alone', line: 'X: a\r\n \r\n', verdict: 'fieldName', source: FOLD },
  {
    why: 'a fold that hides a length',
    line: 'X: a\r\n Content-Length: 5\r\n',
    verdict: 'fieldName',
    source: FOLD,
  },
  { why: 'a fold behind an empty value', line: 'X:\r\n a\r\n', verdict: 'fieldName', source: FOLD },
  { why: 'a line of white space', line: ' \r\n', verdict: 'fieldName', source: FOLD },
  { why: 'NUL in a value', line: 'X: a\0b\r\n', verdict: 'fieldValue', source: VALUE },
  { why: 'NUL at the end of a value', line: 'X: a\0\r\n', verdict: 'fieldValue', source: VALUE },
  { why: 'SOH in a value', line: 'X: a\x01b\r\n', verdict: 'fieldValue', source: VALUE },
  { why: 'a vertical tab in a value', line: 'X: a\x0bb\r\n', verdict: 'fieldValue', source: VALUE },
  { why: 'a form feed in a value', line: 'X: a\x0cb\r\n', verdict: 'fieldValue', source: VALUE },
  { why: 'a unit separator in a value', line: 'X: a\x1fb\r\n', verdict: 'fieldValue', source: VALUE },
  { why: 'DEL in a value', line: 'X: a\x7fb\r\n', verdict: 'fieldValue', source: VALUE },
  { why: 'a backspace before a value', line: 'X:\x08a\r\n', verdict: 'fieldValue', source: VALUE },
  { why: 'a CR in a value', line: 'X: a\rb\r\n', verdict: 'lineEnd', source: BARE },
  {
    why: 'a CR that would start a line',
    line: 'X: a\rContent-Length: 5\r\n',
    verdict: 'lineEnd',
    source: BARE,
  },
  {
    why: 'an LF that would start a line',
    line: 'X: a\nContent-Length: 5\r\n',
    verdict: 'lineEnd',
    source: BARE,
  },
  { why: 'a line that ends with LF', line: 'X: a\n', verdict: 'lineEnd', source: BARE },
  { why: 'a line that ends with CR CR LF', line: 'X: a\r\r\n', verdict: 'lineEnd', source: BARE },
  { why: 'a line that ends with LF CR', line: 'X: a\n\r', verdict: 'lineEnd', source: BARE },
  { why: 'an empty line of LF', line: '\n', verdict: 'fieldName', source: BARE },
  { why: 'an empty line of CR', line: '\rX: a\r\n', verdict: 'lineEnd', source: BARE },
  { why: 'an empty line of CR CR LF', line: '\r\r\n', verdict: 'lineEnd', source: BARE },
];

function rows(wrap: (lines: string) => string, start: string): Case[] {
  return LINES.map(({ why, line, verdict, source }) => {
    return [why, wrap(line), verdict === 'good' ? takes(start) : refuses(verdict), source] as const;
  });
}

const KIB_60 = 60 * 1024;

/** A GET whose head has `bytes` octets. */
function headOf(bytes: number): string {
  const empty = get('/', 'X: \r\n');
  return get('/', `X: ${'y'.repeat(bytes - empty.length)}\r\n`);
}

export const REQUEST_FIELDS: readonly Case[] = [
  ...rows((lines) => get('/', lines), 'GET /'),
  [
    'a fold of the first line',
    'GET / HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n',
    refuses('fieldName'),
    'RFC 9112 §2.2',
  ],
  ['the longest head', headOf(KIB_60), takes('GET /'), 'the limit of Envoy, max_request_headers_kb'],
  ['an octet more', headOf(KIB_60 + 1), refuses('headTooLong'), 'RFC 6585 §5: 431'],
  ['a head without end', headOf(KIB_60 + 3).slice(0, -2), refuses('headTooLong'), 'RFC 6585 §5: 431'],
  [
    'what is wrong behind the longest head',
    `${headOf(KIB_60 + 4).slice(0, -4)}\0`,
    refuses('headTooLong'),
    'RFC 6585 §5: 431',
  ],
  ['a long head that goes on', headOf(KIB_60).slice(0, -2), waits('in-head'), 'RFC 6585 §5'],
  [
    'a hundred lines',
    get('/', 'X: y\r\n'.repeat(99)),
    takes('GET /'),
    'the limit of Envoy, max_headers_count',
  ],
  ['a line more', get('/', 'X: y\r\n'.repeat(100)), refuses('tooManyLines'), 'RFC 6585 §5: 431'],
  ['half of a name', 'GET / HTTP/1.1\r\nHo', waits('in-head'), NAME],
  ['half of a value', 'GET / HTTP/1.1\r\nHost: a', waits('in-head'), VALUE],
  ['half of a line end', 'GET / HTTP/1.1\r\nHost: a\r', waits('in-head'), 'RFC 9112 §2.2'],
  ['half of the empty line', 'GET / HTTP/1.1\r\nHost: a\r\n\r', waits('in-head'), 'RFC 9112 §2.1'],
];

export const RESPONSE_FIELDS: readonly Case[] = [
  ...rows((lines) => ok(`Content-Length: 0\r\n${lines}`), '200'),
  [
    'a hundred lines',
    ok(`Content-Length: 0\r\n${'X: y\r\n'.repeat(99)}`),
    { ...takes('200'), standing: 'over' as const },
    'max_headers_count',
  ],
  [
    'a line more',
    ok(`Content-Length: 0\r\n${'X: y\r\n'.repeat(100)}`),
    refuses('tooManyLines'),
    'max_headers_count',
  ],
  ['too long a head', ok(`X: ${'y'.repeat(KIB_60)}\r\n`), refuses('headTooLong'), 'max_response_headers_kb'],
  ['half of a value', ok('X: a').slice(0, -2), waits('in-head'), VALUE],
].map(([why, bytes, verdict, source]) => endsWhenTaken([why, bytes, verdict, source] as Case));

/** A final response is the last that one request gets. */
function endsWhenTaken([why, bytes, verdict, source]: Case): Case {
  const standing = verdict.standing === 'between' ? 'over' : verdict.standing;
  return [why, bytes, { ...verdict, standing }, source];
}
