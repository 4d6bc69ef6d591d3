/** Failures in the words of the command line: one line on stderr with what to do next, and an exit code. */
import { ApiError } from '#api/client/client.ts';
import { codeOf, messageOf, WeftError } from '#api/foundation/errors.ts';
import { printable } from './output/style.ts';

export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** The command was used wrongly: exit code 2. */
export class UsageError extends WeftError {
  constructor(message: string, remedy?: string) {
    super('Usage', message, remedy === undefined ? {} : { remedy });
  }
}

export function exitCodeOf(error: unknown): number {
  return error instanceof WeftError && error.code === 'Usage' ? EXIT.usage : EXIT.failed;
}

/** `weft: what is wrong (what to do)`; one line more for each further mistake that the API server lists. */
export function describeFailure(error: unknown): string {
  return `weft: ${printable(sentence(error))}\n`;
}

function sentence(error: unknown): string {
  if (error instanceof ApiError) return apiSentence(error);
  if (error instanceof WeftError) return withRemedy(error.message, error.remedy);
  const code = codeOf(error);
  if (code === 'ENOSPC') return withRemedy(messageOf(error), 'the disk is full: make room and try again');
  if (code === 'EACCES' || code === 'EPERM') return withRemedy(messageOf(error), 'run as root');
  if (code !== undefined && /^E[A-Z]+$/.test(code)) return messageOf(error);
  return `internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

function withRemedy(message: string, remedy: string | undefined): string {
  return remedy === undefined ? message : `${message} (${remedy})`;
}

function apiSentence(error: ApiError): string {
  const causes = error.status.details?.causes ?? [];
  if (causes.length < 2) return `${error.reason}: ${error.message}`;
  const { kind = 'object', name = '' } = error.status.details ?? {};
  const lines = causes.map((cause) => `  ${cause.field ?? ''}: ${cause.message ?? ''}`);
  return `${error.reason}: ${kind} ${name} has ${causes.length} mistakes\n${lines.join('\n')}`;
}
