import { readdir } from 'node:fs/promises';
import { codeOf } from '#api/foundation/errors.ts';

/** Names in a directory; none when it does not exist. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
