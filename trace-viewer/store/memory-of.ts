/** V8 keeps a byte a character, or two for all when one of them is beyond Latin-1. */
export function memoryOf(text: string): number {
  return /[\u0100-\uffff]/.test(text) ? 2 * text.length : text.length;
}
