import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Container } from '#api/kinds/pod-spec.ts';
import { parseEntry } from '../api/logs/log-entry.ts';

/** Kubernetes' default for terminationMessagePath. */
export const DEFAULT_MESSAGE_PATH = '/dev/termination-log';

/** Kubernetes' limits: of the file, and of the log that stands in for it. */
const MAX_BYTES = 4096;
const MAX_LOG_BYTES = 2048;
const MAX_LOG_LINES = 80;
/** Log bytes read: the lines carry times and tags besides their text. */
const LOG_TAIL_BYTES = 16 * 1024;

/** The file behind a container's terminationMessagePath. */
export function messageFile(directory: string, name: string, attempt: number): string {
  return join(directory, `${name}-${attempt}`);
}

/**
 * What a container left as the reason of its end: the file, or after a failure the end of its log where the policy
 * says so. Read synchronously, because an exit without its message would be reported too early.
 */
export function lastWords(
  { terminationMessagePolicy }: Pick<Container, 'terminationMessagePolicy'>,
  paths: { readonly message: string; readonly log: string },
  failed: boolean,
): string | undefined {
  const said = readPart(paths.message, 0, MAX_BYTES)?.toString('utf8');
  if (said !== undefined && said !== '') return said;
  if (!failed || terminationMessagePolicy !== 'FallbackToLogsOnError') return undefined;
  const tail = readPart(paths.log, -LOG_TAIL_BYTES, LOG_TAIL_BYTES);
  return tail === undefined ? undefined : logEnd(tail);
}

function logEnd(tail: Buffer): string | undefined {
  const lines = tail.toString('latin1').trimEnd().split('\n').slice(-MAX_LOG_LINES);
  const texts = lines.flatMap((line) => parseEntry(Buffer.from(line, 'latin1'))?.text ?? []);
  const text = Buffer.concat(texts).subarray(-MAX_LOG_BYTES).toString('utf8');
  return text === '' ? undefined : text;
}

/** `length` bytes from `offset`, counted from the end when it is negative. Undefined when there is no such file. */
function readPart(path: string, offset: number, length: number): Buffer | undefined {
  try {
    const file = openSync(path, 'r');
    try {
      const start = offset < 0 ? Math.max(0, fstatSync(file).size + offset) : offset;
      const buffer = Buffer.alloc(length);
      return buffer.subarray(0, readSync(file, buffer, 0, length, start));
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}
