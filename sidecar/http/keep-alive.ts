import type { Head } from './head.ts';

const PARAMETER = 'timeout=';
/** More would be longer than any connection lives. */
const MAX_DIGITS = 6;

/** How long the server says it keeps the connection (`Keep-Alive: timeout=SECONDS`); Infinity when it does not say. */
export function keepAliveTimeoutMs(bytes: Buffer, head: Head): number {
  const line = head.keepAliveLine;
  const value = bytes.toString('latin1', head.valueStart[line]!, head.valueEnd[line]!).toLowerCase();
  for (const part of value.split(',')) {
    const parameter = part.replaceAll(' ', '');
    if (!parameter.startsWith(PARAMETER)) continue;
    const seconds = parameter.slice(PARAMETER.length, PARAMETER.length + MAX_DIGITS);
    if (seconds !== '' && !Number.isNaN(Number(seconds))) return Number(seconds) * 1000;
  }
  return Number.POSITIVE_INFINITY;
}
