/** Status lines (RFC 9112 §4), and where responses end (RFC 9112 §6.3). */
import { type Case, ends, ok, refuses, takes, type Verdict, waits } from './case.ts';

const LINE = 'RFC 9112 §4';
const CODE = 'RFC 9112 §4: 3DIGIT';
const VERSION = 'RFC 9112 §2.3';
const NO_BODY = 'RFC 9112 §6.3: rule 1';
const INTERIM = 'RFC 9110 §15.2';

function status(line: string): string {
  return `${line}\r\nContent-Length: 0\r\n\r\n`;
}

const lineOf = (line: string, verdict: Verdict, why: string, source: string): Case => [
  why,
  status(line),
  verdict,
  source,
];
const bad = refuses('statusLine');

const LINES: readonly Case[] = [
  lineOf('HTTP/1.1 200 OK', ends('200'), 'a status line', LINE),
  lineOf('HTTP/1.0 200 OK', ends('200'), 'HTTP/1.0', VERSION),
  lineOf('HTTP/1.1 200 ', ends('200'), 'no reason', LINE),
  lineOf('HTTP/1.1 200', ends('200'), 'not even the space before it, as many servers send', LINE),
  lineOf('HTTP/1.1 200 a  b\tc', ends('200'), 'white space in a reason', LINE),
  lineOf('HTTP/1.1 200 \xe9', ends('200'), 'obs-text in a reason', LINE),
  lineOf('HTTP/1.1 599 x', ends('599'), 'the last of the server errors', 'RFC 9110 §15'),
  lineOf('HTTP/1.1 600 x', ends('600'), 'a code without a class', 'RFC 9110 §15: as 5xx'),
  lineOf('HTTP/1.1 999 x', ends('999'), 'the highest code', 'RFC 9110 §15: as 5xx'),
  lineOf('HTTP/1.1 099 x', bad, 'a code below all classes', CODE),
  lineOf('HTTP/1.1 000 x', bad, 'zero', CODE),
  lineOf('HTTP/1.1 20 OK', bad, 'two digits', CODE),
  lineOf('HTTP/1.1 2000 OK', bad, 'four digits', CODE),
  lineOf('HTTP/1.1 +20 OK', bad, 'a sign', CODE),
  lineOf('HTTP/1.1 -20 OK', bad, 'a minus', CODE),
  lineOf('HTTP/1.1 2x0 OK', bad, 'a letter', CODE),
  lineOf('HTTP/1.1 0x2 OK', bad, 'a hexadecimal code', CODE),
  lineOf('HTTP/1.1 OK', bad, 'no code', CODE),
  lineOf('HTTP/1.1 \xb2\xb0\xb0 OK', bad, 'superscript digits', CODE),
  lineOf('HTTP/1.1 200OK', bad, 'no space behind it', LINE),
  lineOf('HTTP/1.1 200\tOK', bad, 'a tab behind it', LINE),
  lineOf('HTTP/1.1  200 OK', bad, 'two spaces', LINE),
  lineOf('HTTP/1.1\t200 OK', bad, 'a tab', LINE),
  lineOf('HTTP/1.1200 OK', bad, 'no space', LINE),
  lineOf(' HTTP/1.1 200 OK', bad, 'a space before it', LINE),
  lineOf('HTTP/1.1 200 O\0K', bad, 'NUL in a reason', LINE),
  lineOf('HTTP/1.1 200 O\x7fK', bad, 'DEL in a reason', LINE),
  lineOf('HTTP/1.1 200 OK\x0b', bad, 'a vertical tab in a reason', LINE),
  lineOf('HTTP/1.1 200 OK\rX: y', bad, 'a CR in a reason', 'RFC 9112 §2.2: response splitting'),
  lineOf('HTTP/1.1 200 OK\nX: y', bad, 'an LF in a reason', 'RFC 9112 §2.2: response splitting'),
  lineOf('HTTP/1.1 200 OK\r', bad, 'CR CR LF', 'RFC 9112 §2.2'),
  lineOf('HTTP/0.9 200 OK', bad, 'HTTP/0.9', VERSION),
  lineOf('HTTP/1.2 200 OK', bad, 'HTTP/1.2', VERSION),
  lineOf('HTTP/2.0 200 OK', bad, 'HTTP/2.0', VERSION),
  lineOf('HTTP/2 200 OK', bad, 'HTTP/2', VERSION),
  lineOf('HTTP/1 200 OK', bad, 'one number', VERSION),
  lineOf('HTTP/1.10 200 OK', bad, 'a minor of two digits', VERSION),
  lineOf('http/1.1 200 OK', bad, 'a lower-case version', VERSION),
  lineOf('ICY 200 OK', bad, 'another protocol', VERSION),
  lineOf('SSH-2.0-x', bad, 'another protocol altogether', VERSION),
  lineOf('hello', bad, 'no status line', 'RFC 9112 §A.1: HTTP/0.9'),
  lineOf('\r\nHTTP/1.1 200 OK', bad, 'an empty line before it', 'RFC 9112 §2.2: for requests only'),
  lineOf('\nHTTP/1.1 200 OK', bad, 'an LF before it', LINE),
  lineOf('GET / HTTP/1.1', bad, 'a request', LINE),
  ['a status line that ends with LF', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n', bad, 'RFC 9112 §2.2'],
  ['a code that ends with LF', 'HTTP/1.1 200\n\r\n', bad, 'RFC 9112 §2.2'],
  ['lines that all end with LF', 'HTTP/1.1 200 OK\n\n', bad, 'RFC 9112 §2.2'],
  ['half of a version', 'HTTP/1', waits('in-head'), LINE],
  ['half of a code', 'HTTP/1.1 20', waits('in-head'), LINE],
  ['half of a reason', 'HTTP/1.1 200 O', waits('in-head'), LINE],
  ['half of a line end', 'HTTP/1.1 200 OK\r', waits('in-head'), LINE],
];

const BODIES: readonly Case[] = [
  ['a body until the end of the connection', ok('', 'hello'), ends('200 hello'), 'RFC 9112 §6.3: rule 8'],
  ['no body until the end of the connection', ok(''), ends('200'), 'RFC 9112 §6.3: rule 8'],
  ['a body of HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nhello', ends('200 hello'), 'RFC 9112 §6.3: rule 8'],
  [
    'line ends in it',
    ok('', '\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'),
    ends('200 \r\n\r\nHTTP/1.1 200 OK\r\n\r\n'),
    'RFC 9112 §6.3: rule 8',
  ],
  ['a 204 with a length', 'HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\nhello', ends('204'), NO_BODY],
  [
    'a 204 with chunks',
    'HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    ends('204'),
    NO_BODY,
  ],
  ['a 304 with a length', 'HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n', ends('304'), NO_BODY],
  ['a 304 with chunks', 'HTTP/1.1 304 x\r\nTransfer-Encoding: chunked\r\n\r\n', ends('304'), NO_BODY],
  [
    'a 205 with a length',
    'HTTP/1.1 205 x\r\nContent-Length: 5\r\n\r\nhello',
    ends('205 hello'),
    'RFC 9110 §15.3.6: framed like others',
  ],
  [
    'a 204 with both lengths',
    'HTTP/1.1 204 x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
    refuses('lengthAndEncoding'),
    'RFC 9112 §6.3',
  ],
];

const INTERIMS: readonly Case[] = [
  [
    '100 and the answer',
    `HTTP/1.1 100 Continue\r\n\r\n${status('HTTP/1.1 200 OK')}`,
    ends('100', '200'),
    INTERIM,
  ],
  [
    '103 with lines',
    `HTTP/1.1 103 x\r\nLink: y\r\n\r\n${status('HTTP/1.1 200 OK')}`,
    ends('103', '200'),
    INTERIM,
  ],
  [
    'several',
    `${'HTTP/1.1 102 x\r\n\r\n'.repeat(5)}${status('HTTP/1.1 404 x')}`,
    ends('102', '102', '102', '102', '102', '404'),
    INTERIM,
  ],
  ['an unknown one', `HTTP/1.1 199 x\r\n\r\n${status('HTTP/1.1 200 OK')}`, ends('199', '200'), INTERIM],
  ['100 alone', 'HTTP/1.1 100 Continue\r\n\r\n', takes('100'), INTERIM],
  ['100 and half of an answer', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2', waits('in-head', '100'), INTERIM],
  [
    '100 with a length, which means nothing',
    `HTTP/1.1 100 x\r\nContent-Length: 5\r\n\r\n${status('HTTP/1.1 200 OK')}`,
    ends('100', '200'),
    NO_BODY,
  ],
  [
    '100 with a body, which is no answer',
    'HTTP/1.1 100 x\r\nContent-Length: 5\r\n\r\nhello',
    refuses('statusLine', '100'),
    NO_BODY,
  ],
  [
    '101, behind which is another protocol',
    'HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
    ends('101'),
    'RFC 9110 §15.2.2',
  ],
  ['a bad one before an answer', `HTTP/1.1 100\nX\r\n\r\n${status('HTTP/1.1 200 OK')}`, bad, INTERIM],
];

export const STATUS_LINES: readonly Case[] = [...LINES, ...BODIES, ...INTERIMS];

/** Answers to HEAD: whatever they declare, they end with their head (RFC 9112 §6.3, rule 1). */
export const ANSWERS_TO_HEAD: readonly Case[] = [
  ['a length', ok('Content-Length: 5\r\n'), ends('200'), NO_BODY],
  ['a length, and a body all the same', ok('Content-Length: 5\r\n', 'hello'), ends('200'), NO_BODY],
  ['chunks', ok('Transfer-Encoding: chunked\r\n'), ends('200'), NO_BODY],
  [
    'chunks, and a body all the same',
    ok('Transfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    ends('200'),
    NO_BODY,
  ],
  ['neither', ok(''), ends('200'), NO_BODY],
  [
    'both',
    ok('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'),
    refuses('lengthAndEncoding'),
    'RFC 9112 §6.3',
  ],
  [
    'two lengths',
    ok('Content-Length: 5\r\nContent-Length: 6\r\n'),
    refuses('contentLengthTwice'),
    'RFC 9112 §6.3',
  ],
  ['100 before it', `HTTP/1.1 100 x\r\n\r\n${ok('Content-Length: 5\r\n')}`, ends('100', '200'), INTERIM],
];
