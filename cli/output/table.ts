import { printable, widthOf } from './style.ts';

const GAP = '   ';

/**
 * Columns aligned as kubectl aligns them: upper-case headers, three spaces between, nothing at the end of a line.
 * Cells that others wrote are made printable.
 */
export function formatTable(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  options: { readonly indent?: string; readonly trusted?: boolean } = {},
): string {
  const cells = rows.map((row) => row.map((cell) => (options.trusted ? cell : flat(cell))));
  const all = headers.length === 0 ? cells : [headers.map((header) => header.toUpperCase()), ...cells];
  const columns = Math.max(0, ...all.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(0, ...all.map((row) => widthOf(row[i] ?? ''))),
  );
  return all
    .map((row) => {
      const line = row.map((cell, i) => cell + ' '.repeat(widths[i]! - widthOf(cell))).join(GAP);
      return `${options.indent ?? ''}${line}`.trimEnd();
    })
    .map((line) => `${line}\n`)
    .join('');
}

function flat(cell: string): string {
  return printable(cell).replace(/\s*\n\s*/g, ' ');
}
