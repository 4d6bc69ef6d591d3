import { STATUS_CODES } from 'node:http';
import type { Ending } from './ending.ts';
import type { MessageEdits } from './message-edits.ts';
import type { ConnectionNote } from './write-head.ts';

/** A failure that this proxy tells a client of, in place of a response. */
export interface LocalReply extends Ending {
  readonly status: number;
}

/** A response of this proxy's own: a failure in words, or what a rule answers. */
export interface LocalResponse {
  readonly status: number;
  /** Beside what every such response has. Names in lower case, values ready to be sent. */
  readonly lines: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

export interface LocalFormat {
  /** What is said of the connection. */
  readonly connection: ConnectionNote;
  readonly headOnly: boolean;
  readonly wallMs: number;
  /** What the route changes of responses. */
  readonly edits: MessageEdits | undefined;
}

/** Methods that a 405 offers instead: all but CONNECT. */
const ALLOW = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE';
const MAX_REASON_CHARS = 512;

/** By which a response can be told from one of the app. */
export const SERVER = 'weft';

/**
 * The failure as a response. The reason and the hop stand in the head and in the body, so that whoever looks at the
 * failed request sees them, whichever part of it they look at. `hop` says which sidecar speaks.
 */
export function failureInWords(reply: LocalReply, hop: string): LocalResponse {
  const reason = printable(reply.reason);
  const lines: [string, string][] = [
    ['content-type', 'text/plain'],
    ['x-weft-reason', `${reply.flag}; ${reason}`],
    ['x-weft-hop', printable(hop)],
  ];
  if (reply.status === 405) lines.push(['allow', ALLOW]);
  return { status: reply.status, lines, body: Buffer.from(`${reason} (${printable(hop)})\n`, 'latin1') };
}

/** Head and body as they are sent. A status without a body gets none, whatever the rule says (RFC 9110 §8.6). */
export function formatLocal({ status, lines, body }: LocalResponse, format: LocalFormat): Buffer {
  const { connection, headOnly, wallMs, edits } = format;
  const bodiless = status === 204 || status === 304;
  const own: (readonly [string, string])[] = [
    ...lines,
    ['date', new Date(wallMs).toUTCString()],
    ['server', SERVER],
  ];
  const kept = edits === undefined ? own : own.filter(([name]) => !edits.cuts.has(name));
  const head =
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n` +
    (bodiless ? '' : `content-length: ${body.length}\r\n`) +
    kept.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const end = connection === 'silent' ? '\r\n' : `connection: ${connection}\r\n\r\n`;
  const parts = [Buffer.from(head, 'latin1'), edits?.block ?? NO_BYTES, Buffer.from(end)];
  if (!headOnly && !bodiless) parts.push(Buffer.from(body));
  return Buffer.concat(parts);
}

const NO_BYTES = Buffer.alloc(0);

/** Reasons may quote what a client sent: nothing that is not printable ASCII gets back into a head. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_REASON_CHARS);
}
