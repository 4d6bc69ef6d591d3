/** What becomes of a response's framing on its way from an upstream to a downstream that may speak older HTTP. */
import type { Body } from './body.ts';
import { type Head, NO_LINE } from './head.ts';

/** `add-chunks`: a body that ends with its connection, for a receiver that keeps its own. `remove-chunks`: for HTTP/1.0. */
export type Coding = 'as-is' | 'add-chunks' | 'remove-chunks';

/** Sets `body` to the framing of a final response (RFC 9112 §6.3) and cuts lines that may not stand in it. */
export function frameResponse(body: Body, head: Head, toHeadRequest: boolean): void {
  if (head.status < 200 || head.status === 204) cutFraming(head);
  if (toHeadRequest || head.status === 204 || head.status === 304) body.none();
  else if (head.chunked) body.chunked();
  else if (head.contentLength >= 0) body.length(head.contentLength);
  else body.untilClose();
}

/** Responses with these codes end with their head; a length in them misleads the receiver (RFC 9110 §8.6). */
export function cutFraming(head: Head): void {
  if (head.contentLengthLine !== NO_LINE) head.cut[head.contentLengthLine] = 1;
  if (head.transferEncoding !== NO_LINE) head.cut[head.transferEncoding] = 1;
}

export function codingFor(body: Body, head: Head, downstreamMinor: number): Coding {
  if (downstreamMinor === 0) return head.chunked ? 'remove-chunks' : 'as-is';
  return body.kind === 'close' ? 'add-chunks' : 'as-is';
}
