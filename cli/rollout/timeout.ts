import { parseDuration } from '#api/foundation/duration.ts';
import { UsageError } from '../failure.ts';

/** `60s`, `5m` or plain seconds, as kubectl takes them; in seconds. Throws a UsageError. */
export function parseSeconds(text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : parseDuration(text);
  if (ms === undefined) throw new UsageError(`"${text}" is not a duration`, 'write for example 30s or 5m');
  return ms / 1000;
}
