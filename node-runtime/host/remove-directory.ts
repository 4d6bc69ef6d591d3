import { rm } from 'node:fs/promises';
import { codeOf } from '#api/foundation/errors.ts';
import { must } from './command.ts';

/** A program can fill a directory with millions of files. */
const TIMEOUT_MS = 600_000;

/**
 * Removes a directory that pods could write to. They may nest directories deeper than any path is long, by going down step
 * by step: Node works with whole paths and fails there, rm(1) goes down as they did.
 */
export async function removeDirectory(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (codeOf(error) !== 'ENAMETOOLONG') throw error;
    await must('rm', ['-rf', '--one-file-system', '--', path], { timeoutMs: TIMEOUT_MS });
  }
}
