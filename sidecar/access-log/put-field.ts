import type { Octets } from '#sidecar/telemetry/stream-record.ts';
import type { LogRecord, NumberField, TextField } from './fields.ts';
import { shortened } from './limits.ts';
import type { Line } from './line.ts';

/** Puts a value on the line, its texts cut at `maxChars`. False, and nothing, when it is missing. */
export type PutValue = (record: LogRecord, line: Line, maxChars: number) => boolean;

/** How texts stand on a line. */
export interface TextStyle {
  /** 1 for the octets that stand for themselves. */
  readonly plain: Uint8Array;
  readonly quotes: boolean;
  /** Of any text, with its quotes. */
  readonly escaped: (text: string) => string;
}

/** A longer value is not remembered from line to line. */
const KEPT_CHARS = 128;
const QUOTE = 34;
const NOTHING = Buffer.alloc(0);
const found: Octets = { bytes: NOTHING, start: 0, end: 0 };

export function putNumber({ read }: NumberField): PutValue {
  return (record, line) => {
    const value = read(record);
    if (value === undefined) return false;
    line.putNumber(value);
    return true;
  };
}

export function putText(field: TextField, style: TextStyle): PutValue {
  const words = putWords(field, style);
  const { find } = field;
  if (find === undefined) return words;
  const { plain, quotes } = style;
  return (record, line, maxChars) => {
    switch (find(record, found)) {
      case 'missing':
        return false;
      case 'in-words':
        return words(record, line, maxChars);
      default: {
        const { bytes, start, end } = found;
        if (start === end) return false;
        const { length } = line;
        if (quotes) line.putOctet(QUOTE);
        if (end - start > maxChars || !line.putPlain(bytes, start, end, plain)) {
          line.length = length;
          return words(record, line, maxChars);
        }
        if (quotes) line.putOctet(QUOTE);
        return true;
      }
    }
  };
}

function putWords({ origin, read }: TextField, { quotes, escaped }: TextStyle): PutValue {
  if (origin === 'own') return putOwn(read, quotes);
  // Many fields say the same line after line; to see that costs less than to look through the value.
  let last: string | undefined;
  let kept: Buffer = NOTHING;
  return (record, line, maxChars) => {
    const value = read(record);
    if (value === undefined || value === '') return false;
    if (value === last) {
      line.put(kept);
      return true;
    }
    const text = escaped(shortened(value, maxChars));
    line.putText(text);
    if (value.length > KEPT_CHARS || value.length > maxChars) return true;
    last = value;
    kept = Buffer.from(text, 'latin1');
    return true;
  };
}

function putOwn(read: TextField['read'], quotes: boolean): PutValue {
  return (record, line) => {
    const value = read(record);
    if (value === undefined || value === '') return false;
    if (quotes) line.putOctet(QUOTE);
    line.putText(value);
    if (quotes) line.putOctet(QUOTE);
    return true;
  };
}

/** One character an octet; a format may hold any text. */
export function inOctets(text: string): string {
  return Buffer.from(text).toString('latin1');
}
