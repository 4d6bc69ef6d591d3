import type { RequestInWords } from './answer-log.ts';
import { putDeadline } from './deadline-line.ts';
import type { OutgoingRequest } from './downstream.ts';
import { NO_LINE, roomyHead } from './head.ts';
import { equalsToken, octets } from './octets.ts';
import { scanRequest } from './scan-request.ts';

const ORIGINAL_PATH = octets('x-envoy-original-path');

/** One is enough: what is read from it becomes strings at once. */
const head = roomyHead();

/** What a composed request that is over asked for, with the path as it came. */
export function outgoingInWords({
  bytes,
  deadlineAt,
  rewritten,
}: Pick<OutgoingRequest, 'bytes' | 'deadlineAt' | 'rewritten'>): RequestInWords | undefined {
  if (deadlineAt > 0) putDeadline(bytes, deadlineAt, 0);
  if (scanRequest(bytes, 0, bytes.length, head) <= 0) return undefined;
  const original = rewritten ? originalPath(bytes) : undefined;
  return {
    method: bytes.toString('latin1', head.start, head.methodEnd),
    path: original ?? bytes.toString('latin1', head.targetStart, head.targetEnd),
    authority: head.host === NO_LINE ? '' : bytes.toString('latin1', head.authorityStart, head.authorityEnd),
  };
}

function originalPath(bytes: Buffer): string | undefined {
  for (let line = 0; line < head.lines; line++) {
    if (equalsToken(bytes, head.nameStart[line]!, head.nameEnd[line]!, ORIGINAL_PATH)) {
      return bytes.toString('latin1', head.valueStart[line]!, head.valueEnd[line]!);
    }
  }
  return undefined;
}
