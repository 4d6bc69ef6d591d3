/** Content-Length (RFC 9110 §8.6, RFC 9112 §6.3): digits, once. */
import { Fault } from '../../fault.ts';
import { type Case, ends, ok, post, refuses, takes, type Verdict, waits } from './case.ts';

const DIGITS = 'RFC 9110 §8.6: 1*DIGIT';
const ONCE = 'RFC 9112 §6.3: a list or a repetition may be refused';

interface Length {
  readonly why: string;
  /** Field lines; a request or response with the body `hello`. */
  readonly lines: string;
  readonly verdict:
    | 'good'
    | 'contentLength'
    | 'contentLengthTwice'
    | 'fieldName'
    | 'fieldValue'
    | 'underscored'
    | 'connection';
  readonly source: string;
}

const value = (text: string): string => `Content-Length:${text}\r\n`;

const LENGTHS: readonly Length[] = [
  { why: 'a length', lines: value(' 5'), verdict: 'good', source: DIGITS },
  { why: 'a length without white space', lines: value('5'), verdict: 'good', source: DIGITS },
  { why: 'a length between spaces', lines: value('  5  '), verdict: 'good', source: 'RFC 9112 §5.1: OWS' },
  { why: 'a length in upper case', lines: 'CONTENT-LENGTH: 5\r\n', verdict: 'good', source: 'RFC 9110 §5.1' },
  { why: 'leading zeros, as old devices send', lines: value(' 0005'), verdict: 'good', source: DIGITS },
  {
    why: 'a tab before it',
    lines: value('\t5'),
    verdict: 'contentLength',
    source: 'white space to some, part of the value to others',
  },
  {
    why: 'a tab behind it',
    lines: value(' 5\t'),
    verdict: 'contentLength',
    source: 'white space to some, part of the value to others',
  },
  {
    why: 'more zeros than any length has digits',
    lines: value(` ${'0'.repeat(20)}5`),
    verdict: 'contentLength',
    source: 'receivers count digits or wrap',
  },
  { why: 'a plus', lines: value(' +5'), verdict: 'contentLength', source: `${DIGITS} (CVE-2018-7159)` },
  { why: 'a minus', lines: value(' -5'), verdict: 'contentLength', source: DIGITS },
  { why: 'minus zero', lines: value(' -0'), verdict: 'contentLength', source: DIGITS },
  { why: 'a hexadecimal number', lines: value(' 0x5'), verdict: 'contentLength', source: DIGITS },
  { why: 'a hexadecimal digit', lines: value(' 5a'), verdict: 'contentLength', source: DIGITS },
  { why: 'a fraction', lines: value(' 5.0'), verdict: 'contentLength', source: DIGITS },
  { why: 'an exponent', lines: value(' 5e0'), verdict: 'contentLength', source: DIGITS },
  { why: 'an underscore', lines: value(' 0_5'), verdict: 'contentLength', source: DIGITS },
  {
    why: 'a group of digits',
    lines: value(' 5 0'),
    verdict: 'contentLength',
    source: 'CVE-2018-7159: "1 2"',
  },
  { why: 'nothing', lines: value(''), verdict: 'contentLength', source: DIGITS },
  { why: 'white space', lines: value(' '), verdict: 'contentLength', source: DIGITS },
  { why: 'a word', lines: value(' five'), verdict: 'contentLength', source: DIGITS },
  { why: 'quotes', lines: value(' "5"'), verdict: 'contentLength', source: DIGITS },
  { why: 'a parameter', lines: value(' 5;q=1'), verdict: 'contentLength', source: DIGITS },
  { why: 'a comment', lines: value(' 5 (five)'), verdict: 'contentLength', source: DIGITS },
  { why: 'digits of another script', lines: value(' \xd9\xa5'), verdict: 'contentLength', source: DIGITS },
  { why: 'a superscript digit', lines: value(' \xb9'), verdict: 'contentLength', source: DIGITS },
  {
    why: 'a number beyond what is exact',
    lines: value(' 9007199254740992'),
    verdict: 'contentLength',
    source: 'RFC 9110 §8.6: overflow',
  },
  {
    why: 'a number beyond 64 bits',
    lines: value(' 18446744073709551621'),
    verdict: 'contentLength',
    source: 'CVE-2021-40346: wraps to 5',
  },
  {
    why: 'a number beyond 63 bits',
    lines: value(' 9223372036854775813'),
    verdict: 'contentLength',
    source: 'RFC 9110 §8.6: overflow',
  },
  { why: 'a list of equal lengths', lines: value(' 5, 5'), verdict: 'contentLength', source: ONCE },
  { why: 'a list of different lengths', lines: value(' 5, 6'), verdict: 'contentLength', source: ONCE },
  { why: 'a list with an empty element', lines: value(' 5,'), verdict: 'contentLength', source: ONCE },
  { why: 'a list that begins empty', lines: value(' ,5'), verdict: 'contentLength', source: ONCE },
  { why: 'two equal lines', lines: value(' 5').repeat(2), verdict: 'contentLengthTwice', source: ONCE },
  {
    why: 'two different lines',
    lines: value(' 5') + value(' 6'),
    verdict: 'contentLengthTwice',
    source: ONCE,
  },
  {
    why: 'two lines in other case, apart',
    lines: `${value(' 5')}X: y\r\ncontent-length: 5\r\n`,
    verdict: 'contentLengthTwice',
    source: ONCE,
  },
  {
    why: 'a second that is empty',
    lines: value(' 5') + value(''),
    verdict: 'contentLengthTwice',
    source: ONCE,
  },
  {
    why: 'a second that is wrong',
    lines: value(' 5') + value(' x'),
    verdict: 'contentLengthTwice',
    source: ONCE,
  },
  {
    why: 'a space before the colon',
    lines: 'Content-Length : 5\r\n',
    verdict: 'fieldName',
    source: 'CVE-2019-16276',
  },
  { why: 'NUL behind it', lines: value(' 5\0'), verdict: 'fieldValue', source: 'RFC 9110 §5.5' },
  { why: 'a vertical tab before it', lines: value(' \x0b5'), verdict: 'fieldValue', source: 'RFC 9110 §5.5' },
  {
    why: 'an underscore for its hyphen',
    lines: 'Content_Length: 5\r\n',
    verdict: 'underscored',
    source: 'CGI takes both for HTTP_CONTENT_LENGTH',
  },
  {
    why: 'a connection that names it',
    lines: `Connection: content-length\r\n${value(' 5')}`,
    verdict: 'connection',
    source: 'RFC 9110 §7.6.1',
  },
];

function rows(wrap: (lines: string, body: string) => string, good: Verdict): Case[] {
  return LENGTHS.map(({ why, lines, verdict, source }) => {
    return [why, wrap(lines, 'hello'), verdict === 'good' ? good : refuses(verdict), source] as const;
  });
}

/** 27 octets. */
const INNER = 'GET /x HTTP/1.1\r\nHost: b\r\n\r';

const none = (text: string): string => value(` ${text}`);

export const REQUEST_LENGTHS: readonly Case[] = [
  ...rows(post, takes('POST / hello')),
  ['zero', post(none('0')), takes('POST /'), DIGITS],
  [
    'a body with GET',
    'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
    takes('GET / hello'),
    'RFC 9110 §9.3.1',
  ],
  [
    'a body with HEAD',
    'HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
    takes('HEAD / hello'),
    'RFC 9110 §9.3.2',
  ],
  [
    'a body with DELETE',
    'DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
    takes('DELETE / hello'),
    'RFC 9110 §9.3.5',
  ],
  [
    'a POST without a length has no body',
    post('') + post(''),
    takes('POST /', 'POST /'),
    'RFC 9112 §6.3: rule 7',
  ],
  [
    'a body that is a request',
    post(none('27'), INNER) + post(''),
    takes(`POST / ${INNER}`, 'POST /'),
    'RFC 9112 §6.3',
  ],
  [
    'the next request behind a body',
    post(none('5'), 'hello') + post(''),
    takes('POST / hello', 'POST /'),
    'RFC 9112 §9.3.2',
  ],
  ['a shorter body', post(none('5'), 'hel'), waits('in-body', 'POST / hel'), 'RFC 9112 §8: incomplete'],
  ['the largest length', post(none('9007199254740991'), 'x'), waits('in-body', 'POST / x'), DIGITS],
  ...['GET', 'HEAD', 'DELETE', 'get'].map(
    (method): Case => [
      `a body of a ${method} of HTTP/1.0`,
      `${method} / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello`,
      refuses('bodyInHttp10'),
      'RFC 9110 §9.3.1: a potential attack; servers of HTTP/1.0 take such a body for the next request',
    ],
  ),
  [
    'a length of zero of a GET of HTTP/1.0',
    'GET / HTTP/1.0\r\nContent-Length: 0\r\n\r\n',
    ends('GET /'),
    'RFC 9110 §8.6: no body',
  ],
  [
    'a body of a GET of HTTP/1.1',
    'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
    takes('GET / hello'),
    'RFC 9110 §9.3.1: no defined meaning, but framed',
  ],
  [
    'a body of HTTP/1.0',
    'POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello',
    ends('POST / hello'),
    'RFC 9112 §6.3',
  ],
];

export const RESPONSE_LENGTHS: readonly Case[] = [
  ...rows(ok, ends('200 hello')).filter(([, , { fault }]) => fault !== Fault.underscored),
  [
    'an underscore for its hyphen, which is a field like others',
    ok('Content_Length: 1\r\nContent-Length: 5\r\n', 'hello'),
    ends('200 hello'),
    'no gateway makes variables of responses',
  ],
  ['zero', ok(none('0')), ends('200'), DIGITS],
  ['a shorter body', ok(none('5'), 'hel'), waits('in-body', '200 hel'), 'RFC 9112 §8: incomplete'],
  [
    'bytes behind the body',
    ok(none('5'), 'helloHTTP/1.1 200 OK\r\n\r\n'),
    ends('200 hello'),
    'RFC 9112 §9.2: answers to nothing',
  ],
];
