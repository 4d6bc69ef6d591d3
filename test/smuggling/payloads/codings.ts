/** TE.TE: codings that one parser takes for chunked and another does not. */
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

const DESYNC = 'Kettle, HTTP Desync Attacks (2019): TE.TE';
const RFC = 'RFC 9112 §6.1';
const NAME = 'Transfer-Encoding';

/** Header lines in which a parser may or may not find the coding. */
const DISGUISES: readonly (readonly [name: string, source: string, ...lines: string[]])[] = [
  ['an unknown coding', DESYNC, `${NAME}: xchunked`],
  ['a coding that begins with the word', DESYNC, `${NAME}: chunkedx`],
  ['a space before the colon', DESYNC, `${NAME} : chunked`],
  ['a tab before the colon', DESYNC, `${NAME}\t: chunked`],
  ['a tab before the value', DESYNC, `${NAME}:\tchunked`],
  ['a tab behind the value', DESYNC, `${NAME}: chunked\t`],
  ['a vertical tab before the value', DESYNC, `${NAME}: \x0bchunked`],
  ['a form feed before the value', DESYNC, `${NAME}: \x0cchunked`],
  ['a vertical tab behind the value', DESYNC, `${NAME}: chunked\x0b`],
  ['a NUL behind the value', DESYNC, `${NAME}: chunked\0`],
  ['a NUL in the name', DESYNC, `${NAME}\0: chunked`],
  ['a backspace in the name', DESYNC, `Transfer\x08-Encoding: chunked`],
  ['a no-break space before the value', DESYNC, `${NAME}: \xa0chunked`],
  ['an octet above ASCII behind the value', DESYNC, `${NAME}: chunked\xff`],
  ['a leading space in the line', DESYNC, ` ${NAME}: chunked`],
  ['a folded value', DESYNC, `${NAME}:\r\n chunked`],
  ['a value folded behind a word', DESYNC, `${NAME}: identity\r\n, chunked`],
  ['a line feed alone before the name', DESYNC, `X: x\n${NAME}: chunked`],
  ['a carriage return alone before the name', DESYNC, `X: x\r${NAME}: chunked`],
  ['a carriage return alone behind the value', DESYNC, `${NAME}: chunked\r`],
  ['quotes', DESYNC, `${NAME}: "chunked"`],
  ['single quotes', DESYNC, `${NAME}: 'chunked'`],
  ['a parameter', RFC, `${NAME}: chunked;q=1`],
  ['an empty list element in front', RFC, `${NAME}: ,chunked`],
  ['an empty list element behind', RFC, `${NAME}: chunked,`],
  ['the coding twice in a list', RFC, `${NAME}: chunked, chunked`],
  ['the coding in two lines', RFC, CHUNKED, CHUNKED],
  ['an unknown coding in a line before', DESYNC, `${NAME}: x`, CHUNKED],
  ['an unknown coding in a line behind', DESYNC, CHUNKED, `${NAME}: x`],
  ['identity in a line behind', DESYNC, CHUNKED, `${NAME}: identity`],
  ['identity alone', 'RFC 7230 took it out', `${NAME}: identity`],
  ['identity before chunked', DESYNC, `${NAME}: identity, chunked`],
  ['chunked before identity', DESYNC, `${NAME}: chunked, identity`],
  ['gzip alone: no end can be known', RFC, `${NAME}: gzip`],
  ['gzip before chunked', RFC, `${NAME}: gzip, chunked`],
  ['chunked before gzip', RFC, `${NAME}: chunked, gzip`],
  ['an empty value', RFC, `${NAME}:`],
  ['an empty value and a good line', RFC, `${NAME}:`, CHUNKED],
  ['a name in the value', DESYNC, `${NAME}: ${NAME}: chunked`],
  ['white space in the word', DESYNC, `${NAME}: chu nked`],
  ['a Kelvin sign for a k', 'Unicode case folding', `${NAME}: chun\xe2\x84\xaaed`],
  ['a line without a colon', RFC, `${NAME} chunked`],
  ['a colon in front of the name', RFC, `:${NAME}: chunked`],
  ['brackets around the name', RFC, `[${NAME}]: chunked`],
];

export const CODINGS: readonly Payload[] = [
  ...DISGUISES.map(([name, source, ...lines]) =>
    refused(`chunked with ${name}`, source, head('POST /a', ...lines) + LAST_CHUNK + SMUGGLED),
  ),
  ...DISGUISES.filter(([, , ...lines]) => lines.length === 1).map(([name, source, ...lines]) =>
    refused(
      `a length beside chunked with ${name}`,
      `${source}, with CL`,
      head('POST /a', 'Content-Length: 5', ...lines) + LAST_CHUNK + SMUGGLED,
    ),
  ),
  refused(
    'chunked in HTTP/1.0',
    'RFC 9112 §6.1',
    `POST /a HTTP/1.0\r\nHost: app.test\r\nConnection: keep-alive\r\n${CHUNKED}\r\n\r\n${LAST_CHUNK}${SMUGGLED}`,
  ),
  refused(
    'TE.0: chunked on OPTIONS, for an origin that ignores the coding there',
    'Flores, TE.0 (2024), in a length beside it',
    `${head('OPTIONS /a', CHUNKED, 'Content-Length: 0')}${LAST_CHUNK}${SMUGGLED}`,
  ),
  taken('TE.0: chunked on OPTIONS', 'Flores, TE.0 (2024)', head('OPTIONS /a', CHUNKED) + chunk(SMUGGLED), [
    `OPTIONS /a ${SMUGGLED.length}`,
  ]),
  taken('chunked on GET', RFC, head('GET /a', CHUNKED) + chunk(SMUGGLED), [`GET /a ${SMUGGLED.length}`]),
  taken('chunked in capitals', RFC, `${head('POST /a', `${NAME}: CHUNKED`)}${chunk('hello')}${SMUGGLED}`, [
    'POST /a 5',
    SAW_SMUGGLED,
  ]),
  taken('a name in capitals', RFC, `${head('POST /a', 'TRANSFER-ENCODING:chunked')}${chunk('hello')}`, [
    'POST /a 5',
  ]),
  taken('spaces around the word', RFC, `${head('POST /a', `${NAME}:   chunked   `)}${chunk('hello')}`, [
    'POST /a 5',
  ]),
  refused(
    'a coding that CGI cannot tell from a good one',
    'RFC 3875 §4.1.18',
    head('POST /a', 'Transfer_Encoding: chunked'),
  ),
  taken(
    'a name that only looks alike, beside a length',
    DESYNC,
    `${head('POST /a', 'Content-Length: 5', 'Transfer-Encodings: chunked', 'X-Transfer-Encoding: chunked')}${LAST_CHUNK}`,
    ['POST /a 5'],
  ),
  taken('a TE header says nothing of the body', 'RFC 9110 §10.1.4', head('POST /a', 'TE: chunked'), [
    'POST /a 0',
  ]),
];

function chunk(body: string): string {
  return `${body.length.toString(16)}\r\n${body}\r\n${LAST_CHUNK}`;
}
