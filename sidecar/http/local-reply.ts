import { STATUS_CODES } from 'node:http';
import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';

export interface LocalReply {
  readonly status: number;
  readonly flag: ResponseFlag;
  /** One sentence: what failed, where, why. */
  readonly reason: string;
}

/** Methods that a 405 offers instead: all but CONNECT. */
const ALLOW = 'allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE\r\n';

/**
 * A response that this proxy gives itself. The reason stands in the body and in `x-weft-reason`, so that whoever
 * looks at the failed request sees it, whichever part of it they look at.
 */
export function formatLocalReply(
  reply: LocalReply,
  options: { close: boolean; headOnly: boolean; wallMs: number },
): Buffer {
  const reason = printable(reply.reason);
  const body = `${reason}\n`;
  const head =
    `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? 'Unknown'}\r\n` +
    `content-length: ${body.length}\r\ncontent-type: text/plain\r\n` +
    `date: ${new Date(options.wallMs).toUTCString()}\r\nx-weft-reason: ${reply.flag}; ${reason}\r\n` +
    (reply.status === 405 ? ALLOW : '') +
    (options.close ? 'connection: close\r\n\r\n' : '\r\n');
  return Buffer.from(options.headOnly ? head : head + body, 'latin1');
}

/** Reasons may quote what a client sent: nothing that is not printable ASCII gets back into a head. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 512);
}
