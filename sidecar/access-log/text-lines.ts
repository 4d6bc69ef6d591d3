import { type FormatPiece, isCommand } from '#api/expressions/log-format.ts';
import { escapeField, escapeText, PLAIN, PLAIN_IN_FIELD } from './escape.ts';
import { compileField, type Field, type LogRecord, type LogWorld } from './fields.ts';
import { MAX_LINE_CHARS, MAX_VALUE_CHARS } from './limits.ts';
import type { Line } from './line.ts';
import { inOctets, type PutValue, putNumber, putText, type TextStyle } from './put-field.ts';

/** Makes the line of a record, with its end. */
export type RenderLine = (record: LogRecord, line: Line) => void;

const TEXT: TextStyle = { plain: PLAIN, quotes: false, escaped: escapeText };
const LONE_FIELD: TextStyle = { plain: PLAIN_IN_FIELD, quotes: false, escaped: escapeField };
const LF = 10;

/** Lines of text. `-` stands for what is missing, or nothing at all where empty values are left out. */
export function compileText(pieces: readonly FormatPiece[], omitEmpty: boolean, world: LogWorld): RenderLine {
  const missing = Buffer.from(omitEmpty ? '' : '-');
  const parts = ended(pieces).map((piece, i) =>
    isCommand(piece)
      ? putField(compileField(piece, world), standsAlone(pieces, i))
      : Buffer.from(inOctets(piece), 'latin1'),
  );
  return (record, line) => {
    for (const part of parts) {
      if (typeof part !== 'function') line.put(part);
      else if (!part(record, line, MAX_VALUE_CHARS)) line.put(missing);
    }
    if (line.length <= MAX_LINE_CHARS) return;
    line.length = MAX_LINE_CHARS - 1;
    line.putOctet(LF);
  };
}

/** With the end of a line, if it was forgotten. */
function ended(pieces: readonly FormatPiece[]): readonly FormatPiece[] {
  const last = pieces.at(-1);
  return typeof last === 'string' && last.endsWith('\n') ? pieces : [...pieces, '\n'];
}

/** Whether spaces are what ends the field on both sides. */
function standsAlone(pieces: readonly FormatPiece[], i: number): boolean {
  const [before = ' ', after = ' '] = [pieces[i - 1], pieces[i + 1]];
  return (
    typeof before === 'string' && typeof after === 'string' && /[ \n]$/.test(before) && /^[ \n]/.test(after)
  );
}

function putField(field: Field, alone: boolean): PutValue {
  if (field.kind === 'number') return putNumber(field);
  return putText(field, field.origin === 'foreign' && alone ? LONE_FIELD : TEXT);
}
