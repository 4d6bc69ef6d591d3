import type { FileHandle } from 'node:fs/promises';

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** Where the last `lines` lines of a file begin, found from its end. */
export async function tailOffset(file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat();
  if (lines === 0) return size;
  let end = size;
  // The newline that ends the last line does not begin another one.
  let missing = lines + 1;
  while (end > 0) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    for (let i = bytesRead - 1; i >= 0; i -= 1) {
      if (buffer[i] !== NEWLINE) continue;
      missing -= 1;
      if (missing === 0) return start + i + 1;
    }
    end = start;
  }
  return 0;
}
