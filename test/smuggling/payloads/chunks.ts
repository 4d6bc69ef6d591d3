/** Chunks of which parsers disagree where they end, and trailers that want to be heads. */
import {
  CHUNKED,
  head,
  LAST_CHUNK,
  type Payload,
  refused,
  SAW_SMUGGLED,
  SMUGGLED,
  taken,
} from '../payload.ts';

const RFC = 'RFC 9112 §7.1';
const FUNKY = 'Funky chunks (2025)';
const EXTENSIONS = 'CVE-2025-55315 and its kin';

/** A chunked request with these bytes for a body, and a request behind it. */
function chunked(body: string, ...lines: readonly string[]): string {
  return head('POST /a', CHUNKED, ...lines) + body + SMUGGLED;
}

const MALFORMED: readonly (readonly [name: string, source: string, body: string])[] = [
  ['a size with a plus sign', RFC, `+5\r\nhello\r\n${LAST_CHUNK}`],
  ['a size with a minus sign', RFC, `-5\r\nhello\r\n${LAST_CHUNK}`],
  ['a size with 0x', 'CVE-2021-32714 and its kin', `0x5\r\nhello\r\n${LAST_CHUNK}`],
  ['a size with an underscore', RFC, `0_5\r\nhello\r\n${LAST_CHUNK}`],
  ['a size with an h', RFC, `5h\r\nhello\r\n${LAST_CHUNK}`],
  ['a size in brackets', RFC, `[5]\r\nhello\r\n${LAST_CHUNK}`],
  ['a size with a decimal point', RFC, `5.0\r\nhello\r\n${LAST_CHUNK}`],
  ['a size behind an empty line', RFC, `\r\n5\r\nhello\r\n${LAST_CHUNK}`],
  ['a size with a vertical tab', RFC, `5\x0b\r\nhello\r\n${LAST_CHUNK}`],
  ['a size above ASCII', RFC, `\xb5\r\nhello\r\n${LAST_CHUNK}`],
  ['no size', RFC, `\r\nhello\r\n${LAST_CHUNK}`],
  ['a size of letters', RFC, `hello\r\nhello\r\n${LAST_CHUNK}`],
  ['a size above 64 bits', 'CVE-2021-32714', `10000000000000005\r\nhello\r\n${LAST_CHUNK}`],
  ['a size of exactly 2^64', RFC, `FFFFFFFFFFFFFFFF0\r\nhello\r\n${LAST_CHUNK}`],
  ['a size that is negative in 64 bits', RFC, `FFFFFFFFFFFFFFFB\r\nhello\r\n${LAST_CHUNK}`],
  ['a space before the size', RFC, ` 5\r\nhello\r\n${LAST_CHUNK}`],
  ['a space behind the size', RFC, `5 \r\nhello\r\n${LAST_CHUNK}`],
  ['a tab behind the size', RFC, `5\t\r\nhello\r\n${LAST_CHUNK}`],
  ['a NUL behind the size', RFC, `5\0\r\nhello\r\n${LAST_CHUNK}`],
  ['a space behind the last size', RFC, '0 \r\n\r\n'],
  ['a size ended by LF', FUNKY, `5\nhello\r\n${LAST_CHUNK}`],
  ['a size ended by CR', FUNKY, `5\rhello\r\n${LAST_CHUNK}`],
  ['a size ended by CR CR LF', FUNKY, `5\r\r\nhello\r\n${LAST_CHUNK}`],
  ['data ended by LF', FUNKY, `5\r\nhello\n${LAST_CHUNK}`],
  ['data ended by CR', FUNKY, `5\r\nhello\r${LAST_CHUNK}`],
  ['data ended by two other octets', FUNKY, `5\r\nhelloXX${LAST_CHUNK}`],
  ['data ended by nothing', FUNKY, `5\r\nhello${LAST_CHUNK}`],
  ['data longer than its size', RFC, `5\r\nhelloo\r\n${LAST_CHUNK}`],
  ['the last size ended by LF', FUNKY, '0\n\r\n'],
  ['the empty line at the end by LF', FUNKY, '0\r\n\n'],
  ['all line ends by LF', FUNKY, '5\nhello\n0\n\n'],
  ['an empty line between chunks', FUNKY, `5\r\nhello\r\n\r\n${LAST_CHUNK}`],
  ['an extension ended by LF', FUNKY, `5;a\nhello\r\n${LAST_CHUNK}`],
  [
    'an extension with a LF in it: the line ends twice',
    'CVE-2025-55315',
    `5;a\nxx\r\nhello\r\n${LAST_CHUNK}`,
  ],
  ['an extension with a CR in it', EXTENSIONS, `5;a\rb\r\nhello\r\n${LAST_CHUNK}`],
  ['an extension with a NUL', EXTENSIONS, `5;a=\0\r\nhello\r\n${LAST_CHUNK}`],
  ['an extension without a name', EXTENSIONS, `5;\r\nhello\r\n${LAST_CHUNK}`],
  ['an extension without a value', EXTENSIONS, `5;a=\r\nhello\r\n${LAST_CHUNK}`],
  ['an open quote in an extension', EXTENSIONS, `5;a="b\r\nhello\r\n${LAST_CHUNK}`],
  ['a line end in a quoted extension', EXTENSIONS, `5;a="\r\n0\r\n\r\n"\r\nhello\r\n${LAST_CHUNK}`],
  ['an extension without a semicolon', EXTENSIONS, `5 a=b\r\nhello\r\n${LAST_CHUNK}`],
  ['an extension of 5000 bytes', EXTENSIONS, `5;${'a'.repeat(5000)}\r\nhello\r\n${LAST_CHUNK}`],
  ['a trailer that is a length', 'RFC 9110 §6.5.1', '0\r\nContent-Length: 40\r\n\r\n'],
  ['a trailer that is a coding', 'RFC 9110 §6.5.1', `0\r\n${CHUNKED}\r\n\r\n`],
  ['a trailer that is a Host', 'RFC 9110 §6.5.1', '0\r\nHost: evil.test\r\n\r\n'],
  ['a trailer that is a Connection', 'RFC 9110 §6.5.1', '0\r\nConnection: close\r\n\r\n'],
  ['a trailer that is an Authorization', 'RFC 9110 §6.5.1', '0\r\nAuthorization: x\r\n\r\n'],
  ['a trailer that is a request line', 'RFC 9112 §7.1.2', '0\r\nGET /smuggled HTTP/1.1\r\n\r\n'],
  ['a trailer ended by LF', FUNKY, '0\r\nX-A: b\n\r\n'],
  ['a trailer with a CR in it', FUNKY, '0\r\nX-A: b\rc\r\n\r\n'],
  ['a trailer with a NUL in it', FUNKY, '0\r\nX-A: b\0c\r\n\r\n'],
  ['a folded trailer', 'RFC 9112 §5.2', '0\r\nX-A: b\r\n c\r\n\r\n'],
  ['a trailer with a space before the colon', 'RFC 9112 §5.1', '0\r\nX-A : b\r\n\r\n'],
  ['a trailer without a name', RFC, '0\r\n: b\r\n\r\n'],
  ['trailers of 9000 bytes', RFC, `0\r\nX-A: ${'b'.repeat(9000)}\r\n\r\n`],
];

export const CHUNKS: readonly Payload[] = [
  ...MALFORMED.map(([name, source, body]) => refused(name, source, chunked(body))),
  taken('chunks in several pieces', RFC, chunked(`2\r\nhe\r\n3\r\nllo\r\n${LAST_CHUNK}`), [
    'POST /a 5',
    SAW_SMUGGLED,
  ]),
  taken(
    'a request as a chunk',
    RFC,
    chunked(`${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n${LAST_CHUNK}`),
    [`POST /a ${SMUGGLED.length}`, SAW_SMUGGLED],
  ),
  taken('chunks inside a chunk', RFC, chunked(`5\r\n${LAST_CHUNK}\r\n${LAST_CHUNK}`), [
    'POST /a 5',
    SAW_SMUGGLED,
  ]),
  taken('zeros in front of a size', RFC, chunked('0005\r\nhello\r\n0000\r\n\r\n'), [
    'POST /a 5',
    SAW_SMUGGLED,
  ]),
  taken('sizes in both cases', RFC, chunked(`a\r\n0123456789\r\nA\r\n0123456789\r\n${LAST_CHUNK}`), [
    'POST /a 20',
    SAW_SMUGGLED,
  ]),
  taken('extensions of names only', RFC, chunked(`5;a;b\r\nhello\r\n${LAST_CHUNK}`), [
    'POST /a 5',
    SAW_SMUGGLED,
  ]),
  taken('many chunks of one octet', RFC, chunked(`${'1\r\nx\r\n'.repeat(500)}${LAST_CHUNK}`), [
    'POST /a 500',
    SAW_SMUGGLED,
  ]),
  taken('an extension', RFC, chunked(`5;a=b\r\nhello\r\n0;c\r\n\r\n`), ['POST /a 5', SAW_SMUGGLED]),
  taken('a quoted extension', RFC, chunked(`5;a="b;c\\"d"\r\nhello\r\n${LAST_CHUNK}`), [
    'POST /a 5',
    SAW_SMUGGLED,
  ]),
  taken('a trailer that is a type', RFC, chunked('5\r\nhello\r\n0\r\nContent-Type: text/plain\r\n\r\n'), [
    'POST /a 5',
    SAW_SMUGGLED,
  ]),
  taken('a trailer', RFC, chunked('5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n'), ['POST /a 5', SAW_SMUGGLED]),
  taken('a trailer whose value is a request line', RFC, chunked('0\r\nX-A: GET /b HTTP/1.1\r\n\r\n'), [
    'POST /a 0',
    SAW_SMUGGLED,
  ]),
  taken('no last chunk', RFC, `${head('POST /a', CHUNKED)}5\r\nhello\r\n`, [], 'waiting'),
  taken(
    'no line behind the last chunk',
    RFC,
    `${head('POST /a', CHUNKED)}5\r\nhello\r\n0\r\n`,
    [],
    'waiting',
  ),
];
