import type { RequestInWords } from './answer-log.ts';
import type { OutgoingRequest } from './downstream.ts';
import { type Head, NO_LINE, roomyHead } from './head.ts';
import { headerIn } from './header-in.ts';
import { scanRequest } from './scan-request.ts';

const ORIGINAL_PATH = 'x-envoy-original-path';

type Outgoing = Pick<OutgoingRequest, 'bytes' | 'rewritten'>;

/** One is enough: what is read from it becomes strings at once. */
let spare: Head | undefined;

/** What a composed request that is over asked for, with the path as it came. */
export function outgoingInWords(outgoing: Outgoing): RequestInWords | undefined {
  spare ??= roomyHead();
  return scanOutgoing(outgoing, spare) ? wordsOf(outgoing, spare) : undefined;
}

/** False: it cannot be read. */
export function scanOutgoing({ bytes }: Outgoing, head: Head): boolean {
  return scanRequest(bytes, 0, bytes.length, head) > 0;
}

/** The same as `outgoingInWords`, of one that was scanned into `head`. */
export function wordsOf({ bytes, rewritten }: Outgoing, head: Head): RequestInWords {
  const original = rewritten ? headerIn(bytes, head, ORIGINAL_PATH) : undefined;
  return {
    method: bytes.toString('latin1', head.start, head.methodEnd),
    path: original ?? bytes.toString('latin1', head.targetStart, head.targetEnd),
    authority: head.host === NO_LINE ? '' : bytes.toString('latin1', head.authorityStart, head.authorityEnd),
  };
}
