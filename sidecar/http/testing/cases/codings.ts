/** Transfer-Encoding (RFC 9112 §6.1, §6.3, §7): the one word `chunked`, once, in HTTP/1.1, and no length beside it. */
import { Fault } from '../../fault.ts';
import { type Case, chunked, ends, ok, post, refuses, takes, type Verdict } from './case.ts';

const LAST = 'RFC 9112 §6.3: only chunked frames, and it is not combined here';
const ONCE = 'RFC 9112 §6.1: chunked at most once';
const BOTH = 'RFC 9112 §6.3: both lengths may be an attack (§11.2)';

interface Coding {
  readonly why: string;
  /** Field lines; a message with the chunk `hello`. */
  readonly lines: string;
  readonly verdict:
    | 'good'
    | 'transferEncoding'
    | 'lengthAndEncoding'
    | 'fieldName'
    | 'fieldValue'
    | 'lineEnd'
    | 'underscored'
    | 'connection'
    | 'contentLengthTwice';
  readonly source: string;
}

const te = (value: string): string => `Transfer-Encoding:${value}\r\n`;
const TE = te(' chunked');
const CL = 'Content-Length: 5\r\n';

const CODINGS: readonly Coding[] = [
  { why: 'chunked', lines: TE, verdict: 'good', source: 'RFC 9112 §7.1' },
  { why: 'chunked without white space', lines: te('chunked'), verdict: 'good', source: 'RFC 9112 §5.1: OWS' },
  { why: 'chunked between spaces', lines: te('  chunked  '), verdict: 'good', source: 'RFC 9112 §5.1: OWS' },
  {
    why: 'chunked in upper case',
    lines: te(' CHUNKED'),
    verdict: 'good',
    source: 'RFC 9112 §7: case-insensitive',
  },
  {
    why: 'its name in mixed case',
    lines: 'tRANSFER-eNCODING: chunked\r\n',
    verdict: 'good',
    source: 'RFC 9110 §5.1',
  },
  {
    why: 'a tab before it',
    lines: te('\tchunked'),
    verdict: 'transferEncoding',
    source: 'white space to some, part of the value to others',
  },
  {
    why: 'a tab behind it',
    lines: te(' chunked\t'),
    verdict: 'transferEncoding',
    source: 'white space to some, part of the value to others',
  },
  {
    why: 'a vertical tab before it',
    lines: te(' \x0bchunked'),
    verdict: 'fieldValue',
    source: 'CVE-2019-18277',
  },
  { why: 'a form feed behind it', lines: te(' chunked\x0c'), verdict: 'fieldValue', source: 'RFC 9110 §5.5' },
  { why: 'NUL behind it', lines: te(' chunked\0'), verdict: 'fieldValue', source: 'RFC 9110 §5.5' },
  { why: 'a CR behind it', lines: te(' chunked\r'), verdict: 'lineEnd', source: 'RFC 9112 §2.2' },
  { why: 'nothing', lines: te(''), verdict: 'transferEncoding', source: LAST },
  { why: 'identity', lines: te(' identity'), verdict: 'transferEncoding', source: 'RFC 9112 §7: withdrawn' },
  { why: 'gzip', lines: te(' gzip'), verdict: 'transferEncoding', source: LAST },
  { why: 'gzip before it', lines: te(' gzip, chunked'), verdict: 'transferEncoding', source: LAST },
  { why: 'gzip behind it', lines: te(' chunked, gzip'), verdict: 'transferEncoding', source: LAST },
  { why: 'identity behind it', lines: te(' chunked, identity'), verdict: 'transferEncoding', source: LAST },
  { why: 'identity before it', lines: te(' identity, chunked'), verdict: 'transferEncoding', source: LAST },
  { why: 'trailers behind it', lines: te(' chunked, trailers'), verdict: 'transferEncoding', source: LAST },
  { why: 'it twice in a list', lines: te(' chunked, chunked'), verdict: 'transferEncoding', source: ONCE },
  { why: 'it twice in lines', lines: TE + TE, verdict: 'transferEncoding', source: ONCE },
  { why: 'another in a second line', lines: TE + te(' identity'), verdict: 'transferEncoding', source: ONCE },
  { why: 'another in a first line', lines: te(' identity') + TE, verdict: 'transferEncoding', source: ONCE },
  { why: 'an empty second line', lines: TE + te(''), verdict: 'transferEncoding', source: ONCE },
  {
    why: 'an empty element before it',
    lines: te(' , chunked'),
    verdict: 'transferEncoding',
    source: 'RFC 9110 §5.6.1: lists, which it is not here',
  },
  {
    why: 'an empty element behind it',
    lines: te(' chunked,'),
    verdict: 'transferEncoding',
    source: 'RFC 9110 §5.6.1: lists, which it is not here',
  },
  {
    why: 'a letter before it',
    lines: te(' xchunked'),
    verdict: 'transferEncoding',
    source: 'found by substring in some',
  },
  {
    why: 'a letter behind it',
    lines: te(' chunkedx'),
    verdict: 'transferEncoding',
    source: 'found by prefix in some',
  },
  { why: 'half of it', lines: te(' chunk'), verdict: 'transferEncoding', source: LAST },
  { why: 'quotes', lines: te(' "chunked"'), verdict: 'transferEncoding', source: LAST },
  { why: 'single quotes', lines: te(" 'chunked'"), verdict: 'transferEncoding', source: LAST },
  {
    why: 'a parameter',
    lines: te(' chunked;q=1'),
    verdict: 'transferEncoding',
    source: 'RFC 9112 §7: chunked has none',
  },
  {
    why: 'a semicolon',
    lines: te(' chunked;'),
    verdict: 'transferEncoding',
    source: 'RFC 9112 §7: chunked has none',
  },
  { why: 'a space in it', lines: te(' chun ked'), verdict: 'transferEncoding', source: LAST },
  { why: 'a colon before it', lines: te(': chunked'), verdict: 'transferEncoding', source: LAST },
  {
    why: 'a Kelvin sign in it',
    lines: te(' chun\xe2\x84\xaaed'),
    verdict: 'transferEncoding',
    source: 'folds to k in Unicode',
  },
  {
    why: 'a no-break space before it',
    lines: te(' \xa0chunked'),
    verdict: 'transferEncoding',
    source: 'trimmed by some',
  },
  {
    why: 'a fold before it',
    lines: te('\r\n chunked'),
    verdict: 'transferEncoding',
    source: 'RFC 9112 §5.2: obs-fold',
  },
  {
    why: 'a fold behind it',
    lines: te(' chunked\r\n x'),
    verdict: 'fieldName',
    source: 'RFC 9112 §5.2: obs-fold',
  },
  {
    why: 'a space before the colon',
    lines: 'Transfer-Encoding : chunked\r\n',
    verdict: 'fieldName',
    source: 'CVE-2019-16276',
  },
  {
    why: 'a tab before the colon',
    lines: 'Transfer-Encoding\t: chunked\r\n',
    verdict: 'fieldName',
    source: 'RFC 9112 §5.1',
  },
  {
    why: 'a space before the name',
    lines: `X: y\r\n ${TE}`,
    verdict: 'fieldName',
    source: 'RFC 9112 §5.2: obs-fold',
  },
  {
    why: 'NUL in its name',
    lines: 'Transfer\0-Encoding: chunked\r\n',
    verdict: 'fieldName',
    source: 'RFC 9110 §5.1',
  },
  {
    why: 'an underscore for its hyphen',
    lines: 'Transfer_Encoding: chunked\r\n',
    verdict: 'underscored',
    source: 'CGI takes both for HTTP_TRANSFER_ENCODING',
  },
  {
    why: 'an underscore for its hyphen, beside the right one',
    lines: `${TE}transfer_encoding: identity\r\n`,
    verdict: 'underscored',
    source: 'CGI takes both for HTTP_TRANSFER_ENCODING',
  },
  { why: 'a length beside it', lines: TE + CL, verdict: 'lengthAndEncoding', source: BOTH },
  { why: 'a length before it', lines: CL + TE, verdict: 'lengthAndEncoding', source: BOTH },
  {
    why: 'a length of zero beside it',
    lines: `${TE}Content-Length: 0\r\n`,
    verdict: 'lengthAndEncoding',
    source: BOTH,
  },
  { why: 'two lengths beside it', lines: TE + CL + CL, verdict: 'contentLengthTwice', source: BOTH },
  { why: 'a length beside gzip', lines: te(' gzip') + CL, verdict: 'transferEncoding', source: BOTH },
  {
    why: 'a connection that names it',
    lines: `Connection: close, Transfer-Encoding\r\n${TE}`,
    verdict: 'connection',
    source: 'RFC 9110 §7.6.1',
  },
];

const BODY = '5\r\nhello\r\n0\r\n\r\n';

function rows(wrap: (lines: string, body: string) => string, good: Verdict): Case[] {
  return CODINGS.map(({ why, lines, verdict, source }) => {
    return [why, wrap(lines, BODY), verdict === 'good' ? good : refuses(verdict), source] as const;
  });
}

export const REQUEST_CODINGS: readonly Case[] = [
  ...rows(post, takes('POST / hello')),
  [
    'chunked in HTTP/1.0',
    `POST / HTTP/1.0\r\nHost: a\r\n${TE}\r\n${BODY}`,
    refuses('encodingInHttp10'),
    'RFC 9112 §6.1: faulty framing',
  ],
  [
    'chunked with GET',
    `GET / HTTP/1.1\r\nHost: a\r\n${TE}\r\n${BODY}`,
    takes('GET / hello'),
    'RFC 9110 §9.3.1',
  ],
  [
    'the next request behind it',
    chunked(BODY) + post(''),
    takes('POST / hello', 'POST /'),
    'RFC 9112 §9.3.2',
  ],
  [
    'a request in its chunk',
    chunked('f\r\nGET /x HTTP/1.1\r\n0\r\n\r\n'),
    takes('POST / GET /x HTTP/1.1'),
    'RFC 9112 §7.1',
  ],
];

export const RESPONSE_CODINGS: readonly Case[] = [
  ...rows(ok, ends('200 hello')).filter(([, , { fault }]) => fault !== Fault.underscored),
  [
    'an underscore for its hyphen, which is a field like others',
    ok('Transfer_Encoding: x\r\nContent-Length: 5\r\n', 'hello'),
    ends('200 hello'),
    'no gateway makes variables of responses',
  ],
  [
    'chunked in HTTP/1.0',
    `HTTP/1.0 200 OK\r\n${TE}\r\n${BODY}`,
    refuses('encodingInHttp10'),
    'RFC 9112 §6.1: faulty framing',
  ],
  [
    'bytes behind it',
    ok(TE, `${BODY}HTTP/1.1 200 OK\r\n\r\n`),
    ends('200 hello'),
    'RFC 9112 §9.2: answers to nothing',
  ],
];
