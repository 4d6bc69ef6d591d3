/** Of one value; the longest heads that a sidecar takes are longer. */
export const MAX_VALUE_CHARS = 2048;
/** Of one line, and its values when it would be longer. A pipe's reader gets lines of this size in one piece. */
export const MAX_LINE_CHARS = 32 * 1024;
export const MAX_CROWDED_VALUE_CHARS = 32;

export function shortened(value: string, maxChars: number): string {
  return value.length > maxChars ? value.slice(0, maxChars) : value;
}
