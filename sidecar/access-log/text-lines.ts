import { type FormatPiece, isCommand } from '#api/expressions/log-format.ts';
import { escapeField, escapeText } from './escape.ts';
import { compileField, type Field, type LogRecord, type LogWorld } from './fields.ts';
import { MAX_LINE_CHARS, MAX_VALUE_CHARS, shortened } from './limits.ts';

export type RenderLine = (record: LogRecord) => string;

/** Lines of text. `-` stands for what is missing, or nothing at all where empty values are left out. */
export function compileText(pieces: readonly FormatPiece[], omitEmpty: boolean, world: LogWorld): RenderLine {
  const missing = omitEmpty ? '' : '-';
  const parts = ended(pieces).map((piece, i) => {
    if (!isCommand(piece)) return inOctets(piece);
    const field = compileField(piece, world);
    return part(field, standsAlone(pieces, i), missing);
  });
  return (record) => {
    let line = '';
    for (const each of parts) line += typeof each === 'string' ? each : each(record);
    if (line.length <= MAX_LINE_CHARS) return line;
    return `${line.slice(0, MAX_LINE_CHARS - 1)}\n`;
  };
}

/** With the end of a line, if it was forgotten. */
function ended(pieces: readonly FormatPiece[]): readonly FormatPiece[] {
  const last = pieces.at(-1);
  return typeof last === 'string' && last.endsWith('\n') ? pieces : [...pieces, '\n'];
}

/** A format may hold any text; one character an octet is how lines are written. */
function inOctets(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** Whether spaces are what ends the field on both sides. */
function standsAlone(pieces: readonly FormatPiece[], i: number): boolean {
  const [before = ' ', after = ' '] = [pieces[i - 1], pieces[i + 1]];
  return (
    typeof before === 'string' && typeof after === 'string' && /[ \n]$/.test(before) && /^[ \n]/.test(after)
  );
}

function part(field: Field, alone: boolean, missing: string): RenderLine {
  if (field.kind === 'number') {
    return (record) => {
      const value = field.read(record);
      return value === undefined ? missing : String(value);
    };
  }
  const { origin, read } = field;
  const escaped = origin === 'foreign' && alone ? escapeField : escapeText;
  return (record) => {
    const value = read(record);
    if (value === undefined || value === '') return missing;
    return origin === 'own' ? value : escaped(shortened(value, MAX_VALUE_CHARS));
  };
}
