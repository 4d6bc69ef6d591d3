import type { Head } from './head.ts';
import { TOKEN } from './octets.ts';

/** The value of a header in a scanned head; several lines joined by `, `. `name` is in lower case. */
export function headerIn(bytes: Buffer, head: Head, name: string): string | undefined {
  let joined: string | undefined;
  for (let line = 0; line < head.lines; line++) {
    if (!isNamed(bytes, head.nameStart[line]!, head.nameEnd[line]!, name)) continue;
    const value = bytes.toString('latin1', head.valueStart[line]!, head.valueEnd[line]!);
    joined = joined === undefined ? value : `${joined}, ${value}`;
  }
  return joined;
}

/** Whether `bytes[start, end)` is `name`, which is in lower case. */
export function isNamed(bytes: Buffer, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    if (TOKEN[bytes[start + i]!] !== name.charCodeAt(i)) return false;
  }
  return true;
}
