import type { Head } from '../head.ts';
import { equalsToken, octets } from '../octets.ts';

const NAME = octets('traceparent');

/** What comes in of a trace does not go on. */
export function cutTraceparent(bytes: Buffer, head: Head): void {
  for (let line = 0; line < head.lines; line++) {
    if (equalsToken(bytes, head.nameStart[line]!, head.nameEnd[line]!, NAME)) head.cut[line] = 1;
  }
}
