/** Line ends, folds, names and octets in which parsers find more lines, or fewer, than there are. */
import { head, type Payload, refused, SAW_SMUGGLED, SMUGGLED, taken } from '../payload.ts';

const ENDS = 'RFC 9112 §2.2';
const NAMES = 'RFC 9112 §5.1';
const VALUES = 'RFC 9110 §5.5';
const HIDDEN = SMUGGLED.length;
const LENGTH = `Content-Length: ${HIDDEN}`;

const AMBIGUOUS: readonly (readonly [name: string, source: string, bytes: string])[] = [
  ['line ends of LF only', ENDS, SMUGGLED.replaceAll('\r\n', '\n')],
  ['a request line ended by LF', ENDS, SMUGGLED.replace('\r\n', '\n')],
  ['a request line ended by CR', ENDS, SMUGGLED.replace('\r\n', '\r')],
  ['a request line ended by CR CR LF', ENDS, SMUGGLED.replace('\r\n', '\r\r\n')],
  ['a header line ended by LF', ENDS, `${head('POST /a', `X: y\n${LENGTH}`)}${SMUGGLED}`],
  ['a header line ended by CR', ENDS, `${head('POST /a', `X: y\r${LENGTH}`)}${SMUGGLED}`],
  ['a header line ended by CR CR LF', ENDS, `${head('POST /a', `X: y\r\r\n${LENGTH}`)}${SMUGGLED}`],
  ['a header line ended by LF CR', ENDS, `${head('POST /a', `X: y\n\r${LENGTH}`)}${SMUGGLED}`],
  ['the empty line by LF', ENDS, `GET /a HTTP/1.1\r\nHost: app.test\r\n\n${SMUGGLED}`],
  ['the empty line by CR', ENDS, `GET /a HTTP/1.1\r\nHost: app.test\r\n\r${SMUGGLED}`],
  ['the head ended by LF LF', ENDS, `GET /a HTTP/1.1\r\nHost: app.test\n\n${SMUGGLED}`],
  ['an empty line of white space', ENDS, `${head('GET /a', ' ')}${SMUGGLED}`],
  ['white space between request line and fields', ENDS, `GET /a HTTP/1.1\r\n Host: app.test\r\n\r\n`],
  ['a LF in front of the request', ENDS, `\n${SMUGGLED}`],
  ['a CR in front of the request', ENDS, `\r${SMUGGLED}`],
  ['a space in front of the request', ENDS, ` ${SMUGGLED}`],
  ['a NUL in front of the request', ENDS, `\0${SMUGGLED}`],
  ['a byte order mark in front of the request', ENDS, `\xef\xbb\xbf${SMUGGLED}`],
  ['a folded value', 'RFC 9112 §5.2', `${head('POST /a', 'X: y', ' z')}`],
  ['a value folded by a tab', 'RFC 9112 §5.2', `${head('POST /a', 'X: y', '\tz')}`],
  ['a folded Host', 'RFC 9112 §5.2', `GET /a HTTP/1.1\r\nHost:\r\n app.test\r\n\r\n`],
  [
    'a folded line that looks like a length',
    'RFC 9112 §5.2',
    `${head('POST /a', 'X: y', ` ${LENGTH}`)}${SMUGGLED}`,
  ],
  ['a name with a space before the colon', NAMES, head('GET /a', 'X-A : b')],
  ['a name with a space inside', NAMES, head('GET /a', 'X A: b')],
  ['a name with a NUL', NAMES, head('GET /a', 'X\0A: b')],
  ['a name with a control character', NAMES, head('GET /a', 'X\x01A: b')],
  ['a name with a DEL', NAMES, head('GET /a', 'X\x7fA: b')],
  ['a name above ASCII', NAMES, head('GET /a', 'X-\xc3\xa4: b')],
  ['a name in parentheses', NAMES, head('GET /a', '(x): b')],
  ['a name with a slash', NAMES, head('GET /a', 'x/y: b')],
  ['a name with quotes', NAMES, head('GET /a', '"x": b')],
  ['no name', NAMES, head('GET /a', ': b')],
  ['no colon', NAMES, head('GET /a', 'nothing')],
  ['a request line among the fields', NAMES, head('GET /a', 'GET /smuggled HTTP/1.1')],
  ['a value with a NUL', VALUES, head('GET /a', 'X-A: b\0c')],
  ['a value with a control character', VALUES, head('GET /a', 'X-A: b\x01c')],
  ['a value with an escape', VALUES, head('GET /a', 'X-A: \x1b[31m')],
  ['a value with a DEL', VALUES, head('GET /a', 'X-A: b\x7fc')],
  ['a value with a CR', VALUES, head('GET /a', 'X-A: b\rc')],
  ['a header in a CR', VALUES, head('GET /a', `X-A: b\r${LENGTH}`) + SMUGGLED],
];

export const LINES: readonly Payload[] = [
  ...AMBIGUOUS.map(([name, source, bytes]) => refused(name, source, bytes)),
  refused(
    '101 header lines',
    'limit',
    head('GET /a', ...Array.from({ length: 100 }, (_, i) => `X-${i}: y`)),
    431,
  ),
  refused('a value of 70,000 bytes', 'limit', head('GET /a', `X-A: ${'b'.repeat(70_000)}`) + SMUGGLED, 431),
  refused('a name of 70,000 bytes', 'limit', head('GET /a', `${'b'.repeat(70_000)}: x`) + SMUGGLED, 431),
  refused('a head that never ends', 'limit', `GET /a HTTP/1.1\r\n${'X-A: b\r\n'.repeat(10_000)}`, 431),
  refused('a request line of 70,000 bytes without a space', 'limit', 'A'.repeat(70_000), 501),
  taken('empty lines before the request', ENDS, `\r\n\r\n${SMUGGLED}`, [SAW_SMUGGLED]),
  taken('an empty line behind a body', ENDS, `${head('POST /a', 'Content-Length: 5')}hello\r\n${SMUGGLED}`, [
    'POST /a 5',
    SAW_SMUGGLED,
  ]),
  taken('a value above ASCII', VALUES, head('GET /a', 'X-A: \xc3\xa4\xff'), ['GET /a 0']),
  taken('an empty value', VALUES, head('GET /a', 'X-A:', 'X-B: '), ['GET /a 0']),
  taken('a tab inside a value', VALUES, head('GET /a', 'X-A:\tb\tc\t'), ['GET /a 0']),
  taken('a name of odd token characters', NAMES, head('GET /a', "!#$%&'*+-.^_`|~: b"), ['GET /a 0']),
  taken('escaped line ends in a value', VALUES, head('GET /a', 'X-A: b%0d%0aContent-Length: 5\\r\\n'), [
    'GET /a 0',
  ]),
  taken('line separators of Unicode in a value', VALUES, head('GET /a', 'X-A: b\xe2\x80\xa8c\xc2\x85'), [
    'GET /a 0',
  ]),
  taken('half a head', ENDS, 'GET /a HTTP/1.1\r\nHost: app.test\r\n', [], 'waiting'),
];
