const HEAD_END = '\r\n\r\n';

/** Bytes of the whole answer whose first bytes these are. Throws when it is no 200 with a Content-Length and its head whole. */
export function parseAnswerLength(bytes: Buffer): number {
  const end = bytes.indexOf(HEAD_END, 0, 'latin1');
  if (end < 0) throw new Error('the head of the answer did not come at once');
  const head = bytes.toString('latin1', 0, end);
  if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(`answered ${head.slice(0, 40)}`);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error('the answer says no Content-Length');
  return end + HEAD_END.length + Number(length);
}
