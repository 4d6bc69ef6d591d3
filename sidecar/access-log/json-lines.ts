import {
  type FormatPiece,
  isCommand,
  type JsonLogFormat,
  parseLogFormat,
} from '#api/expressions/log-format.ts';
import { quoteJson } from './escape.ts';
import { compileField, type Field, type LogRecord, type LogWorld } from './fields.ts';
import { MAX_CROWDED_VALUE_CHARS, MAX_LINE_CHARS, MAX_VALUE_CHARS, shortened } from './limits.ts';
import type { RenderLine } from './text-lines.ts';

/** A longer value is not remembered from line to line. */
const KEPT_CHARS = 128;

/** A value ready to stand in JSON, its texts cut at `maxChars`; undefined: it is missing. */
type RenderValue = (record: LogRecord, maxChars: number) => string | undefined;

/**
 * Lines that are one JSON object each. As in Envoy a value that is one operator keeps its type, and is null when it is
 * missing; one that is made of several is a string. Where empty values are left out, so are their names.
 */
export function compileJson(format: JsonLogFormat, omitEmpty: boolean, world: LogWorld): RenderLine {
  const render = compileObject(format, omitEmpty, world);
  return (record) => {
    const line = render(record, MAX_VALUE_CHARS) ?? '{}';
    if (line.length < MAX_LINE_CHARS) return `${line}\n`;
    return `${render(record, MAX_CROWDED_VALUE_CHARS) ?? '{}'}\n`;
  };
}

function compileObject(format: JsonLogFormat, omitEmpty: boolean, world: LogWorld): RenderValue {
  const entries = Object.entries(format).map(([name, value], i) => ({
    name: `${quoteJson(inOctets(name))}:`,
    /** With what stands before it when nothing is left out. */
    lead: `${i === 0 ? '{' : ','}${quoteJson(inOctets(name))}:`,
    render: compileValue(value, omitEmpty, world),
  }));
  if (entries.length === 0) return () => (omitEmpty ? undefined : '{}');
  if (omitEmpty) return sparse(entries);
  return (record, maxChars) => {
    let text = '';
    for (const { lead, render } of entries) text += lead + (render(record, maxChars) ?? 'null');
    return `${text}}`;
  };
}

function sparse(entries: readonly { readonly name: string; readonly render: RenderValue }[]): RenderValue {
  return (record, maxChars) => {
    let text = '';
    for (const { name, render } of entries) {
      const value = render(record, maxChars);
      if (value !== undefined) text += `${text === '' ? '{' : ','}${name}${value}`;
    }
    return text === '' ? undefined : `${text}}`;
  };
}

function compileValue(value: JsonLogFormat[string], omitEmpty: boolean, world: LogWorld): RenderValue {
  if (typeof value === 'object') return compileObject(value, omitEmpty, world);
  if (typeof value !== 'string') {
    const constant = JSON.stringify(value);
    return () => constant;
  }
  const pieces = parseLogFormat(value);
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined && isCommand(only)) return single(compileField(only, world));
  if (!pieces.some(isCommand)) {
    const constant = quoteJson(inOctets(pieces.join('')));
    return () => constant;
  }
  return composed(pieces, omitEmpty, world);
}

function single(field: Field): RenderValue {
  if (field.kind === 'number') {
    return (record) => {
      const value = field.read(record);
      return value === undefined ? undefined : String(value);
    };
  }
  const { origin, read } = field;
  // Many fields say the same line after line; to see that costs less than to look through the value.
  let last: string | undefined;
  let quoted = '';
  return (record, maxChars) => {
    const value = read(record);
    if (value === undefined || value === '') return undefined;
    if (origin === 'own') return `"${value}"`;
    if (value === last) return quoted;
    const result = quoteJson(shortened(value, maxChars));
    if (value.length > KEPT_CHARS) return result;
    last = value;
    quoted = result;
    return quoted;
  };
}

function composed(pieces: readonly FormatPiece[], omitEmpty: boolean, world: LogWorld): RenderValue {
  const parts = pieces.map((piece) => (isCommand(piece) ? compileField(piece, world) : piece));
  const missing = omitEmpty ? '' : '-';
  return (record, maxChars) => {
    let text = '';
    for (const part of parts) {
      if (typeof part === 'string') text += part;
      else text += shortened(String(part.read(record) ?? ''), maxChars) || missing;
    }
    return quoteJson(text);
  };
}

/** A format may hold any text; values are one character an octet. */
function inOctets(text: string): string {
  return Buffer.from(text).toString('latin1');
}
