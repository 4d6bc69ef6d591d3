import {
  type FormatPiece,
  isCommand,
  type JsonLogFormat,
  parseLogFormat,
} from '#api/expressions/log-format.ts';
import { PLAIN, quoteJson } from './escape.ts';
import { compileField, type LogWorld } from './fields.ts';
import { MAX_CROWDED_VALUE_CHARS, MAX_LINE_CHARS, MAX_VALUE_CHARS, shortened } from './limits.ts';
import type { Line } from './line.ts';
import { inOctets, type PutValue, putNumber, putText, type TextStyle } from './put-field.ts';
import type { RenderLine } from './text-lines.ts';

interface Entry {
  /** The name with its colon, and with what stands before it when it is the first, and when it is not. */
  readonly first: Buffer;
  readonly next: Buffer;
  readonly put: PutValue;
}

const JSON_TEXT: TextStyle = { plain: PLAIN, quotes: true, escaped: quoteJson };
const EMPTY = Buffer.from('{}');
const NULL = Buffer.from('null');
const LF = 10;
const CLOSING_BRACE = 125;

/**
 * Lines that are one JSON object each. As in Envoy a value that is one operator keeps its type, and is null when it is
 * missing; one that is made of several is a string. Where empty values are left out, so are their names.
 */
export function compileJson(format: JsonLogFormat, omitEmpty: boolean, world: LogWorld): RenderLine {
  const put = putObject(format, omitEmpty, world);
  return (record, line) => {
    if (!put(record, line, MAX_VALUE_CHARS)) line.put(EMPTY);
    if (line.length >= MAX_LINE_CHARS) {
      line.length = 0;
      put(record, line, MAX_CROWDED_VALUE_CHARS);
    }
    line.putOctet(LF);
  };
}

function putObject(format: JsonLogFormat, omitEmpty: boolean, world: LogWorld): PutValue {
  const entries = Object.entries(format).map(
    ([name, value]): Entry => ({
      first: octetsOf(`{${quoteJson(inOctets(name))}:`),
      next: octetsOf(`,${quoteJson(inOctets(name))}:`),
      put: putMember(value, omitEmpty, world),
    }),
  );
  if (omitEmpty) return sparse(entries);
  return entries.length === 0 ? putConstant(EMPTY) : complete(entries);
}

function complete(entries: readonly Entry[]): PutValue {
  const leads = entries.map(({ first, next }, i) => (i === 0 ? first : next));
  const puts = entries.map(({ put }) => put);
  return (record, line, maxChars) => {
    for (let i = 0; i < puts.length; i++) {
      line.put(leads[i]!);
      if (!puts[i]!(record, line, maxChars)) line.put(NULL);
    }
    line.putOctet(CLOSING_BRACE);
    return true;
  };
}

function sparse(entries: readonly Entry[]): PutValue {
  return (record, line, maxChars) => {
    let isFirst = true;
    for (const { first, next, put } of entries) {
      const { length } = line;
      line.put(isFirst ? first : next);
      if (put(record, line, maxChars)) isFirst = false;
      else line.length = length;
    }
    if (isFirst) return false;
    line.putOctet(CLOSING_BRACE);
    return true;
  };
}

function putMember(value: JsonLogFormat[string], omitEmpty: boolean, world: LogWorld): PutValue {
  if (typeof value === 'object') return putObject(value, omitEmpty, world);
  if (typeof value !== 'string') return putConstant(octetsOf(JSON.stringify(value)));
  const pieces = parseLogFormat(value);
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined && isCommand(only)) {
    const field = compileField(only, world);
    return field.kind === 'number' ? putNumber(field) : putText(field, JSON_TEXT);
  }
  if (!pieces.some(isCommand)) return putConstant(octetsOf(quoteJson(inOctets(pieces.join('')))));
  return composed(pieces, omitEmpty, world);
}

function composed(pieces: readonly FormatPiece[], omitEmpty: boolean, world: LogWorld): PutValue {
  const parts = pieces.map((piece) => (isCommand(piece) ? compileField(piece, world) : piece));
  const missing = omitEmpty ? '' : '-';
  return (record, line, maxChars) => {
    let text = '';
    for (const part of parts) {
      if (typeof part === 'string') text += part;
      else text += shortened(String(part.read(record) ?? ''), maxChars) || missing;
    }
    line.putText(quoteJson(text));
    return true;
  };
}

function putConstant(octets: Buffer): PutValue {
  return (_record, line: Line) => {
    line.put(octets);
    return true;
  };
}

function octetsOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
