/**
 * Heads on their way out: the bytes as they came, without the lines of this hop, with the lines of this proxy in front
 * of the empty line.
 */
import type { AddedLines } from './added-lines.ts';
import type { Head } from './head.ts';
import { NO_LINE } from './head.ts';
import type { MessageEdits } from './message-edits.ts';
import { equalsToken, octets, put, putAll, SLASH } from './octets.ts';
import type { RequestChanges } from './request-changes.ts';
import type { Coding } from './response-shape.ts';

const CRLF = octets('\r\n');
const VERSION_LINE_END = octets(' HTTP/1.1\r\n');
const HOST = octets('host: ');
const CONNECTION_UPGRADE = octets('connection: Upgrade\r\n');
const CONNECTION_CLOSE = octets('connection: close\r\n');
const CONNECTION_KEEP_ALIVE = octets('connection: keep-alive\r\n');
const CHUNKED = octets('transfer-encoding: chunked\r\n');
const ATTEMPT_COUNT = octets('x-envoy-attempt-count: ');
const ORIGINAL_PATH_NAME = octets('x-envoy-original-path');
const ORIGINAL_PATH = octets('x-envoy-original-path: ');
const ATTEMPT_DIGITS = octets('  1\r\n');
const ONE = 49;
/** What this proxy adds to requests without it, in the order of `AddedLines.put`. */
const OWN_NAMES = ['x-request-id', 'traceparent', 'x-forwarded-proto'] as const;
/** More than all constant lines that a request can get. */
const ADDED_BYTES = 160;

/** Bytes that a response head can gain. */
export const RESPONSE_ADDED_BYTES = 128;

/** What a request gets on its way beside the additions of its direction. */
export interface RequestPassage {
  /** The Upgrade header passes. */
  readonly upgrade: boolean;
  /** The upstream is told which try this is. */
  readonly countAttempts: boolean;
  /** Host of a request of HTTP/1.0 that has none. */
  readonly fallbackHost: Buffer;
  /** What the route changes; undefined: nothing. */
  readonly changes: RequestChanges | undefined;
  /** Lines that say of which trace it is; empty where it is not recorded. */
  readonly traced: Buffer;
}

/** Bytes that the head has at most after `writeRequest`. */
export function requestHeadBound(head: Head, added: AddedLines, passage: RequestPassage): number {
  const { fallbackHost, traced } = passage;
  const bound = head.end - head.start + added.length + traced.length + fallbackHost.length + ADDED_BYTES;
  return passage.changes === undefined ? bound : bound + changesBound(head, passage.changes);
}

/** A rewritten request says its path twice: the new one, and the old one in a line of its own. */
function changesBound(head: Head, { path, authority, edits }: RequestChanges): number {
  const target = path === undefined ? 0 : path.length + head.targetEnd - head.targetStart;
  return target + (authority?.length ?? 0) + (edits?.block.length ?? 0);
}

/** Writes a request head to `out` at 0; returns its length. */
export function writeRequest(
  out: Buffer,
  bytes: Buffer,
  head: Head,
  added: AddedLines,
  passage: RequestPassage,
): number {
  const { upgrade, countAttempts, fallbackHost, changes, traced } = passage;
  if (countAttempts && head.attemptCount !== NO_LINE) head.cut[head.attemptCount] = 1;
  if (changes !== undefined) return writeChanged(out, bytes, head, added, passage, changes);
  let p = head.absolute ? putOriginForm(out, bytes, head) : putRequestLine(out, bytes, head);
  p = putLines(out, p, bytes, head, upgrade ? head.upgradeLine : NO_LINE);
  if (head.absolute) p = putHost(out, p, bytes, head.authorityStart, head.authorityEnd);
  else if (head.host === NO_LINE) p = putHost(out, p, fallbackHost, 0, fallbackHost.length);
  if (upgrade) p = putAll(out, p, CONNECTION_UPGRADE);
  const requestId = isAbsent(head, head.requestId);
  const traceparent = traced.length === 0 && isAbsent(head, head.traceparent);
  p = added.put(out, p, requestId, traceparent, isAbsent(head, head.forwardedProto));
  return putEnd(out, p, traced, countAttempts);
}

/** The same for a request of which a route changes something. */
function writeChanged(
  out: Buffer,
  bytes: Buffer,
  head: Head,
  added: AddedLines,
  passage: RequestPassage,
  { path, authority, edits }: RequestChanges,
): number {
  const { upgrade, countAttempts, fallbackHost, traced } = passage;
  const known = [head.requestId, head.traceparent, head.forwardedProto].map((line) => !isAbsent(head, line));
  edits?.cut(bytes, head);
  if (path !== undefined) cutNamed(bytes, head, ORIGINAL_PATH_NAME);
  if (authority !== undefined && head.host !== NO_LINE) head.cut[head.host] = 1;
  let p = putChangedRequestLine(out, bytes, head, path);
  p = putLines(out, p, bytes, head, upgrade ? head.upgradeLine : NO_LINE);
  if (authority !== undefined) p = putHost(out, p, authority, 0, authority.length);
  else if (head.absolute) p = putHost(out, p, bytes, head.authorityStart, head.authorityEnd);
  else if (head.host === NO_LINE) p = putHost(out, p, fallbackHost, 0, fallbackHost.length);
  if (path !== undefined) p = putOriginalPath(out, p, bytes, head);
  if (edits !== undefined) p = put(out, p, edits.block, 0, edits.block.length);
  if (upgrade) p = putAll(out, p, CONNECTION_UPGRADE);
  const [requestId, traceparent, forwardedProto] = OWN_NAMES.map(
    (name, i) => !known[i]! && edits?.governs(name) !== true,
  );
  p = added.put(out, p, requestId!, traceparent! && traced.length === 0, forwardedProto!);
  return putEnd(out, p, traced, countAttempts);
}

function putChangedRequestLine(out: Buffer, bytes: Buffer, head: Head, path: Buffer | undefined): number {
  if (path === undefined) {
    return head.absolute ? putOriginForm(out, bytes, head) : putRequestLine(out, bytes, head);
  }
  const p = put(out, 0, bytes, head.start, head.targetStart);
  return putAll(out, put(out, p, path, 0, path.length), VERSION_LINE_END);
}

/** The path as it came, where Envoy tells it. */
function putOriginalPath(out: Buffer, at: number, bytes: Buffer, head: Head): number {
  const p = putPath(out, putAll(out, at, ORIGINAL_PATH), bytes, head);
  return putAll(out, p, CRLF);
}

function cutNamed(bytes: Buffer, head: Head, name: Uint8Array): void {
  for (let line = 0; line < head.lines; line++) {
    if (equalsToken(bytes, head.nameStart[line]!, head.nameEnd[line]!, name)) head.cut[line] = 1;
  }
}

function putEnd(out: Buffer, at: number, traced: Buffer, countAttempts: boolean): number {
  let p = traced.length === 0 ? at : put(out, at, traced, 0, traced.length);
  if (countAttempts) p = putAll(out, putAll(out, p, ATTEMPT_COUNT), ATTEMPT_DIGITS);
  return putAll(out, p, CRLF);
}

/** Where the number of the try stands in a head of `headLength` bytes: its line is the last one. */
export function attemptOffset(headLength: number): number {
  return headLength - CRLF.length - ATTEMPT_DIGITS.length;
}

/** Where the `length` bytes of the trace's lines stand in a head of `headLength` bytes: in front of the number of the try. */
export function traceOffset(headLength: number, countAttempts: boolean, length: number): number {
  const attempt = countAttempts ? ATTEMPT_COUNT.length + ATTEMPT_DIGITS.length : 0;
  return headLength - CRLF.length - attempt - length;
}

/** Writes the number of the try into a head that was written before. White space in front of a value means nothing. */
export function putAttempt(out: Buffer, at: number, attempt: number): void {
  out.write(String(Math.min(attempt, 999)).padStart(3), at, 'latin1');
}

/**
 * What a response says about its connection: `close` that it ends with it, `keep-alive` what HTTP/1.0 must be told,
 * `upgrade` that another protocol follows, `silent` nothing.
 */
export type ConnectionNote = 'silent' | 'close' | 'keep-alive' | 'upgrade';

/** Writes a response head to `out` at 0; returns its length. */
export function writeResponse(
  out: Buffer,
  bytes: Buffer,
  head: Head,
  connection: ConnectionNote,
  coding: Coding,
  edits: MessageEdits | undefined,
): number {
  let p = put(out, 0, bytes, head.start, head.fields);
  out[7] = ONE;
  if (edits !== undefined) edits.cut(bytes, head);
  if (coding === 'remove-chunks' && head.transferEncoding !== NO_LINE) head.cut[head.transferEncoding] = 1;
  p = putLines(out, p, bytes, head, connection === 'upgrade' ? head.upgradeLine : NO_LINE);
  if (edits !== undefined) p = put(out, p, edits.block, 0, edits.block.length);
  if (coding === 'add-chunks') p = putAll(out, p, CHUNKED);
  if (connection === 'close') p = putAll(out, p, CONNECTION_CLOSE);
  else if (connection === 'keep-alive') p = putAll(out, p, CONNECTION_KEEP_ALIVE);
  else if (connection === 'upgrade') p = putAll(out, p, CONNECTION_UPGRADE);
  return putAll(out, p, CRLF);
}

function isAbsent(head: Head, line: number): boolean {
  return line === NO_LINE || head.cut[line] === 1;
}

/** The request line as sent, but of this proxy's own version (RFC 9110 §2.5). */
function putRequestLine(out: Buffer, bytes: Buffer, head: Head): number {
  const p = put(out, 0, bytes, head.start, head.fields);
  out[p - 3] = ONE;
  return p;
}

function putOriginForm(out: Buffer, bytes: Buffer, head: Head): number {
  const p = put(out, 0, bytes, head.start, head.targetStart);
  return putAll(out, putPath(out, p, bytes, head), VERSION_LINE_END);
}

/** The path with its query; that of an absolute form may lack its first character. */
function putPath(out: Buffer, at: number, bytes: Buffer, head: Head): number {
  let p = at;
  const bare = head.absolute && (bytes[head.pathStart] !== SLASH || head.pathStart === head.targetEnd);
  if (bare) out[p++] = SLASH;
  return put(out, p, bytes, head.pathStart, head.targetEnd);
}

function putHost(out: Buffer, at: number, bytes: Buffer, start: number, end: number): number {
  return putAll(out, put(out, putAll(out, at, HOST), bytes, start, end), CRLF);
}

/** Copies the runs of lines that are not cut; `kept` passes although it is. */
function putLines(out: Buffer, at: number, bytes: Buffer, head: Head, kept: number): number {
  let p = at;
  let from = head.fields;
  let to = from;
  for (let line = 0; line < head.lines; line++) {
    if (head.cut[line] === 1 && line !== kept) {
      if (to > from) p = put(out, p, bytes, from, to);
      from = head.lineEnd[line]!;
    }
    to = head.lineEnd[line]!;
  }
  return to > from ? put(out, p, bytes, from, to) : p;
}
