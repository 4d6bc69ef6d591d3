/**
 * What shows that a refusal is for the reason that it names: the grammar of the RFCs once more, in regular expressions, as
 * plain as they come. A refusal whose reason does not show is a defect, however strict it wants to be.
 */
import { type ChunkFault, chunkFaults } from './chunk-witness.ts';

/** A message as text, latin1: from its first octet to the end of what came. */
export type Shows = (rest: string) => boolean;

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]";
const REQUEST_LINE = new RegExp(
  `^(?:\\r\\n){0,8}${TOKEN}{1,64} [^\\x00-\\x20\\x7f#]+ HTTP/[0-9]\\.[0-9]\\r\\n`,
);
/** But HTAB, LF and CR, which have faults of their own. */
const CONTROL = /[^\t\n\r\x20-\x7e\x80-\xff]/;
const STATUS_LINE = /^HTTP\/1\.[01] [1-9]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?\r\n/;
const TARGET = /^(?:\/|\*$|https?:\/\/[^/?])[^#\x80-\xff]*$/i;
const AUTHORITY = /^(?:[A-Za-z0-9!$&'()*+;=._~-]+|\[[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*\])(?::\d{0,5})?$|^$/i;
const OPTIONS = new RegExp(`^(?:[ \\t,]|${TOKEN}+[ \\t]*(?:,|$))*$`);
const OWN_FIELDS =
  /(?:^|[\s,])(?:authorization|cache-control|content-(?:encoding|length|range|type)|cookie|forwarded|host|set-cookie|transfer-encoding|x-envoy-peer-metadata|x-forwarded-(?:for|host|proto))(?:$|[\s,])/i;
const HIGHEST_PORT = 65_535;
const MOST_LINES = 100;
const LONGEST_METHOD = 64;

/** By the name of the fault. */
export const WITNESSES: Readonly<Record<string, Shows>> = {
  requestLine: (rest) => !REQUEST_LINE.test(rest) || /^\s*PRI /i.test(rest),
  methodTooLong: (rest) => rest.trimStart().search(/ |$/) > LONGEST_METHOD,
  target: (rest) => !TARGET.test(targetOf(rest)) || (targetOf(rest) === '*' && !/^\s*OPTIONS /i.test(rest)),
  version: (rest) => / HTTP\/(?!1\.[01]\r)\d\.\d/.test(startLine(rest)),
  statusLine: (rest) => !STATUS_LINE.test(rest),
  connectMethod: (rest) => /^\s*connect /i.test(rest),
  host: (rest) =>
    [authorityOf(targetOf(rest)), ...valuesOf(rest, 'host')].some((value) => !isAuthority(value)),
  hostTwice: (rest) => valuesOf(rest, 'host').length > 1,
  hostMissing: (rest) => valuesOf(rest, 'host').length === 0 && / HTTP\/1\.1\r\n/.test(rest),
  fieldName: (rest) => fieldLines(rest).some((line) => !new RegExp(`^${TOKEN}+:`).test(line)),
  fieldValue: (rest) => CONTROL.test(headOf(rest)),
  lineEnd: (rest) => /\r(?!\n)|(?<!\r)\n/.test(headOf(rest)),
  tooManyLines: (rest) => fieldLines(rest).length > MOST_LINES,
  contentLength: (rest) => rawValuesOf(rest, 'content-length').some((value) => !isLength(value)),
  contentLengthTwice: (rest) => valuesOf(rest, 'content-length').length > 1,
  transferEncoding: (rest) => {
    const values = rawValuesOf(rest, 'transfer-encoding');
    return values.length > 1 || values.some((value) => !/^ *chunked *$/i.test(value));
  },
  lengthAndEncoding: (rest) =>
    valuesOf(rest, 'content-length').length > 0 && valuesOf(rest, 'transfer-encoding').length > 0,
  encodingInHttp10: (rest) =>
    /HTTP\/1\.0/.test(startLine(rest)) && valuesOf(rest, 'transfer-encoding').length > 0,
  bodyInHttp10: (rest) =>
    /^(?:get|head|delete) [^ ]+ HTTP\/1\.0$/i.test(startLine(rest)) &&
    valuesOf(rest, 'content-length').some((value) => Number(value) > 0),
  underscored: (rest) =>
    valuesOf(rest, 'content_length').length + valuesOf(rest, 'transfer_encoding').length > 0,
  connection: (rest) =>
    valuesOf(rest, 'connection').some((value) => !OPTIONS.test(value) || OWN_FIELDS.test(value)),
  tooManyOptions: (rest) =>
    valuesOf(rest, 'connection')
      .flatMap((value) => value.split(','))
      .filter((option) => option.trim() !== '').length > MOST_LINES,
  chunkSize: inChunks('chunkSize'),
  chunkEnd: inChunks('chunkEnd'),
  trailer: inChunks('trailer'),
};

function inChunks(fault: ChunkFault): Shows {
  return (rest) => {
    const end = rest.indexOf('\r\n\r\n', rest.startsWith('\r\n') ? rest.search(/[^\r\n]/) : 0);
    return chunkFaults(rest.slice(end + 4)) === fault;
  };
}

function startLine(rest: string): string {
  return rest.replace(/^(?:\r\n)*/, '').split('\r\n')[0]!;
}

function targetOf(rest: string): string {
  return startLine(rest).split(' ')[1] ?? '';
}

function authorityOf(target: string): string {
  return /^https?:\/\/([^/?]*)/i.exec(target)?.[1] ?? '';
}

/** Start line and field lines, as far as they came. */
function headOf(rest: string): string {
  const text = rest.replace(/^(?:\r\n)*/, '');
  const end = text.indexOf('\r\n\r\n');
  return end < 0 ? text : text.slice(0, end + 2);
}

function fieldLines(rest: string): string[] {
  const lines = headOf(rest).split('\r\n').slice(1);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** Values of the lines of that name, with the white space around them. */
function rawValuesOf(rest: string, name: string): string[] {
  return fieldLines(rest)
    .filter((line) => line.toLowerCase().startsWith(`${name}:`))
    .map((line) => line.slice(name.length + 1));
}

function valuesOf(rest: string, name: string): string[] {
  return rawValuesOf(rest, name).map((value) => value.replace(/^[ \t]+|[ \t]+$/g, ''));
}

function isAuthority(value: string): boolean {
  return AUTHORITY.test(value) && Number(/:(\d+)$/.exec(value)?.[1] ?? 0) <= HIGHEST_PORT;
}

function isLength(value: string): boolean {
  return /^ *\d{1,16} *$/.test(value) && Number.isSafeInteger(Number(value));
}
