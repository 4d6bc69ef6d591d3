/**
 * Whether a 101 is what its request asked for (RFC 9110 §7.8, §15.2.2). Whatever comes behind it passes unseen, so that a
 * switch to anything else, or one that says not to what, would be a way around routes and framing.
 */
import type { OutgoingRequest } from './downstream.ts';
import { type Head, NO_LINE, roomyHead } from './head.ts';
import { scanRequest } from './scan-request.ts';

/** The 101 with `head` says in Connection that it switches, and all that it switches to is in the request's Upgrade. */
export function switchesAsAsked(request: OutgoingRequest, bytes: Buffer, head: Head): boolean {
  if (!request.upgrade || !head.upgrade || head.upgradeLine === NO_LINE) return false;
  const sent = roomyHead();
  scanRequest(request.bytes, 0, request.bytes.length, sent);
  const asked = new Set(protocolsIn(request.bytes, sent));
  const chosen = protocolsIn(bytes, head);
  return chosen.length > 0 && chosen.every((protocol) => asked.has(protocol));
}

/** What the Upgrade line names, in lower case. */
function protocolsIn(bytes: Buffer, head: Head): string[] {
  const line = head.upgradeLine;
  const value = bytes.toString('latin1', head.valueStart[line]!, head.valueEnd[line]!);
  return value
    .toLowerCase()
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');
}
