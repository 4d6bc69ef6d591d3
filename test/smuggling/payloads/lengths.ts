/** Two lengths, or one that parsers read differently: CL.CL, CL.TE, TE.CL, and lengths that are no numbers. */
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

const DESYNC = 'Kettle, HTTP Desync Attacks (2019)';
const RFC = 'RFC 9110 §8.6, RFC 9112 §6.3';
const HIDDEN = SMUGGLED.length;

/** Values that some parser reads as 5, and some as 0, as nothing, or as another number. */
const NOT_NUMBERS: readonly (readonly [name: string, value: string])[] = [
  ['a plus sign', '+5'],
  ['a minus sign', '-5'],
  ['minus zero', '-0'],
  ['hex digits', '0x5'],
  ['hex digits without a mark', 'a'],
  ['an exponent', '5e0'],
  ['a fraction', '5.0'],
  ['an underscore among the digits', '1_0'],
  ['white space among the digits', '5 0'],
  ['a comma behind', '5,'],
  ['a comma in front', ',5'],
  ['a list of two', '5, 6'],
  ['a list of equals', '5, 5'],
  ['a list with a zero', '0, 5'],
  ['quotes', '"5"'],
  ['nothing', ''],
  ['a vertical tab in front', '\x0b5'],
  ['a no-break space in front', '\xa05'],
  ['a semicolon behind', '5;'],
  ['letters behind', '5abc'],
  ['more than 64 bits', '18446744073709551621'],
  ['more than 63 bits', '9223372036854775813'],
  ['more digits than any number', '9'.repeat(400)],
  ['Arabic digits in UTF-8', '\xd9\xa5'],
];

export const LENGTHS: readonly Payload[] = [
  refused(
    'a length and an empty one',
    RFC,
    `${head('POST /a', 'Content-Length: 5', 'Content-Length:')}hello`,
  ),
  refused('a length folded behind another', RFC, `${head('POST /a', 'Content-Length: 5', '\t6')}hello!`),
  refused('a length of two names', RFC, `${head('POST /a', 'Content-Length: Content-Length: 5')}hello`),
  refused(
    'a length in a name with a dot',
    RFC,
    `${head('POST /a', 'Content-Length.: 5', 'Content-Length: 5x')}hello`,
  ),
  refused(
    'CL.TE: a length over chunks and a request behind them',
    DESYNC,
    head('POST /a', `Content-Length: ${LAST_CHUNK.length + HIDDEN}`, CHUNKED) + LAST_CHUNK + SMUGGLED,
  ),
  refused(
    'TE.CL: a length that ends inside the first chunk',
    DESYNC,
    `${head('POST /a', 'Content-Length: 4', CHUNKED)}${HIDDEN.toString(16)}\r\n${SMUGGLED}\r\n${LAST_CHUNK}`,
  ),
  refused(
    'CL.TE with the coding in front',
    DESYNC,
    head('POST /a', CHUNKED, `Content-Length: ${LAST_CHUNK.length + HIDDEN}`) + LAST_CHUNK + SMUGGLED,
  ),
  refused(
    'TE and a length of zero',
    DESYNC,
    head('POST /a', 'Content-Length: 0', CHUNKED) + LAST_CHUNK + SMUGGLED,
  ),
  refused('TE and a length on a GET', DESYNC, head('GET /a', 'Content-Length: 5', CHUNKED) + LAST_CHUNK),
  refused(
    'CL.TE in HTTP/1.0',
    'RFC 9112 §6.1',
    `POST /a HTTP/1.0\r\nHost: app.test\r\nContent-Length: 5\r\n${CHUNKED}\r\n\r\n${LAST_CHUNK}${SMUGGLED}`,
  ),
  refused(
    'a request in the body of a GET of HTTP/1.0',
    'RFC 9110 §9.3.1',
    `GET /a HTTP/1.0\r\nHost: app.test\r\nConnection: keep-alive\r\nContent-Length: ${HIDDEN}\r\n\r\n${SMUGGLED}`,
    413,
  ),
  taken(
    'a request in the body of a GET of HTTP/1.1',
    'RFC 9110 §9.3.1',
    `${head('GET /a', `Content-Length: ${HIDDEN}`)}${SMUGGLED}`,
    [`GET /a ${HIDDEN}`],
  ),
  refused(
    'CL.CL: two lengths, the shorter first',
    RFC,
    `${head('POST /a', 'Content-Length: 0', `Content-Length: ${HIDDEN}`)}${SMUGGLED}`,
  ),
  refused(
    'CL.CL: two lengths, the longer first',
    RFC,
    `${head('POST /a', `Content-Length: ${HIDDEN}`, 'Content-Length: 0')}${SMUGGLED}`,
  ),
  refused('the same length twice', RFC, `${head('POST /a', 'Content-Length: 5', 'Content-Length: 5')}hello`),
  refused(
    'the same length, with and without a zero in front',
    RFC,
    `${head('POST /a', 'Content-Length: 5', 'Content-Length: 05')}hello`,
  ),
  refused(
    'two lengths, one in another case',
    RFC,
    `${head('POST /a', 'Content-Length: 5', 'CONTENT-LENGTH: 6')}hello!`,
  ),
  ...NOT_NUMBERS.map(([name, value]) =>
    refused(`a length with ${name}`, RFC, `${head('POST /a', `Content-Length: ${value}`)}hello${SMUGGLED}`),
  ),
  refused(
    'a name of a length with a space before the colon',
    'RFC 9112 §5.1',
    `${head('POST /a', `Content-Length : ${HIDDEN}`)}${SMUGGLED}`,
  ),
  refused(
    'a name of a length with a tab before the colon',
    'RFC 9112 §5.1',
    `${head('POST /a', `Content-Length\t: ${HIDDEN}`)}${SMUGGLED}`,
  ),
  refused(
    'a length that begins with white space, as a folded line',
    'RFC 9112 §5.2',
    `${head('POST /a', 'X-A: b', ` Content-Length: ${HIDDEN}`)}${SMUGGLED}`,
  ),
  taken('zeros in front of a length', RFC, `${head('POST /a', 'Content-Length: 0005')}hello${SMUGGLED}`, [
    'POST /a 5',
    SAW_SMUGGLED,
  ]),
  taken('spaces around a length', RFC, `${head('POST /a', 'Content-Length:   5  ')}hello${SMUGGLED}`, [
    'POST /a 5',
    SAW_SMUGGLED,
  ]),
  refused('a tab in front of a length', RFC, `${head('POST /a', 'Content-Length:\t5')}hello${SMUGGLED}`),
  refused('a tab behind a length', RFC, `${head('POST /a', 'Content-Length: 5\t')}hello${SMUGGLED}`),
  refused(
    'a length that CGI cannot tell from a good one',
    'RFC 3875 §4.1.18',
    head('POST /a', 'Content_Length: 5'),
  ),
  taken(
    'a length under another name',
    RFC,
    `${head('POST /a', 'X-Content-Length: 0', 'Content-Length: 5', 'Content-Lengths: 1')}hello`,
    ['POST /a 5'],
  ),
  taken('a POST without a length has no body', RFC, head('POST /a') + SMUGGLED, ['POST /a 0', SAW_SMUGGLED]),
  taken('a whole request as a body', RFC, head('POST /a', `Content-Length: ${HIDDEN}`) + SMUGGLED, [
    `POST /a ${HIDDEN}`,
  ]),
  taken('a GET with a body', 'RFC 9110 §9.3.1', head('GET /a', `Content-Length: ${HIDDEN}`) + SMUGGLED, [
    `GET /a ${HIDDEN}`,
  ]),
  taken(
    'a DELETE with a body',
    'RFC 9110 §9.3.5',
    head('DELETE /a', `Content-Length: ${HIDDEN}`) + SMUGGLED,
    [`DELETE /a ${HIDDEN}`],
  ),
  taken(
    'a body shorter than its length',
    DESYNC,
    head('POST /a', `Content-Length: ${HIDDEN + 1}`) + SMUGGLED,
    [],
    'waiting',
  ),
];
