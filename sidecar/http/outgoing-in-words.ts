import type { RequestInWords } from './answer-log.ts';
import type { OutgoingRequest } from './downstream.ts';
import { NO_LINE, roomyHead } from './head.ts';
import { headerIn } from './header-in.ts';
import { scanRequest } from './scan-request.ts';

/** Where a rewritten request says what it was. */
export const ORIGINAL_PATH = 'x-envoy-original-path';

/** One is enough: what is read from it becomes strings at once. */
const head = roomyHead();

/** What a composed request that is over asked for, with the path as it came. */
export function outgoingInWords({
  bytes,
  rewritten,
}: Pick<OutgoingRequest, 'bytes' | 'rewritten'>): RequestInWords | undefined {
  if (scanRequest(bytes, 0, bytes.length, head) <= 0) return undefined;
  const original = rewritten ? headerIn(bytes, head, ORIGINAL_PATH) : undefined;
  return {
    method: bytes.toString('latin1', head.start, head.methodEnd),
    path: original ?? bytes.toString('latin1', head.targetStart, head.targetEnd),
    authority: head.host === NO_LINE ? '' : bytes.toString('latin1', head.authorityStart, head.authorityEnd),
  };
}
