import type { Head } from './head.ts';

/** How long the server says it keeps the connection (`Keep-Alive: timeout=SECONDS`); Infinity when it does not say. */
export function keepAliveTimeoutMs(bytes: Buffer, head: Head): number {
  const line = head.keepAliveLine;
  const value = bytes.toString('latin1', head.valueStart[line]!, head.valueEnd[line]!);
  const seconds = /(?:^|[,\s])timeout\s*=\s*(\d{1,6})/i.exec(value)?.[1];
  return seconds === undefined ? Number.POSITIVE_INFINITY : Number(seconds) * 1000;
}
