/** Where a run stands, in a file that git ignores, so that a later run goes on from there. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const schema = z.strictObject({
  seed: z.int(),
  /** The next input. */
  iteration: z.int().nonnegative(),
  counts: z.record(z.string(), z.int()),
});

export type Progress = z.infer<typeof schema>;

/** Undefined when there is none yet. Throws, with the file's path, when it is none that a run wrote. */
export function readProgress(path: string): Progress | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${path} is not what a run wrote: remove it and start anew`, { cause });
  }
}

export function writeProgress(path: string, progress: Progress): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, `${JSON.stringify(progress)}\n`);
  renameSync(`${path}.new`, path);
}
