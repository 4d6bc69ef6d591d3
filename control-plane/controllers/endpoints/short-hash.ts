/** Eight hexadecimal digits that follow from a text (FNV-1a): for names, never for secrets. */
export function shortHash(text: string): string {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193);
  return (value >>> 0).toString(16).padStart(8, '0');
}
