/** The head of a request (RFC 9112 §3), stricter than the RFC where it leaves a choice. */
import { Fault } from './fault.ts';
import type { Head } from './head.ts';
import { NO_LINE } from './head.ts';
import { TARGET_SHARE } from './limits.ts';
import { ASTERISK, CR, DEL, equalsToken, HASH, LF, octets, SLASH, SP, TARGET, TOKEN } from './octets.ts';
import { isAuthority } from './scan-authority.ts';
import { scanFields } from './scan-fields.ts';

/** The longest registered method has 17 octets; a server that gets a longer one than it knows answers 501. */
const MAX_METHOD_BYTES = 64;

/** Empty lines that are skipped in front of a request: RFC 9112 §2.2 asks for one. More are read for nothing. */
const MAX_EMPTY_LINES = 8;

/** `HTTP/1.x` and its CRLF. */
const VERSION_BYTES = 10;
const HTTP_1 = octets('HTTP/1.');
const HTTP_SCHEME = octets('http');
const HTTPS_SCHEME = octets('https');
const AUTHORITY_MARK = octets('://');
const QUESTION = 63;

/**
 * Scans `bytes[at, end)` as a request head into `head`. Returns the offset after the head, 0 when it is not complete,
 * or a fault. A few empty lines before the request line are skipped. However a head is cut into reads, its first fault is
 * the same: what stands behind the longest head is not looked at.
 */
export function scanRequest(bytes: Buffer, at: number, end: number, head: Head): number {
  let start = at;
  while (start + 1 < end && bytes[start] === CR && bytes[start + 1] === LF) start += 2;
  if (start - at > 2 * MAX_EMPTY_LINES) return Fault.requestLine;
  if (start + 1 === end && bytes[start] === CR) return 0;
  head.reset(start);
  const limit = Math.min(end, start + head.maxBytes);
  const line = scanRequestLine(bytes, start, limit, head);
  const result = line > 0 ? scanFields(bytes, line, limit, head) : line;
  if (result === 0) return end > limit ? Fault.headTooLong : 0;
  return result < 0 ? result : (checkHost(bytes, head) ?? checkRest(bytes, head) ?? result);
}

function scanRequestLine(bytes: Buffer, start: number, end: number, head: Head): number {
  let p = start;
  while (p < end && TOKEN[bytes[p]!] !== 0) p++;
  if (p - start > MAX_METHOD_BYTES) return Fault.methodTooLong;
  if (p >= end) return 0;
  if (bytes[p] !== SP || p === start) return Fault.requestLine;
  head.methodEnd = p++;
  head.targetStart = p;
  while (p < end && TARGET[bytes[p]!] === 1) p++;
  if (p - head.targetStart > TARGET_SHARE * head.maxBytes) return Fault.targetTooLong;
  if (p >= end) return 0;
  if (bytes[p] !== SP || p === head.targetStart) return notATarget(bytes[p]!);
  head.targetEnd = p++;
  const version = scanVersion(bytes, p, end, head);
  if (version <= 0) return version;
  return scanTarget(bytes, head) ?? version;
}

function notATarget(octet: number): number {
  return octet === HASH || octet === SP || octet > DEL ? Fault.target : Fault.requestLine;
}

function scanVersion(bytes: Buffer, at: number, end: number, head: Head): number {
  const length = Math.min(HTTP_1.length, end - at);
  for (let i = 0; i < length; i++) if (bytes[at + i] !== HTTP_1[i]) return notHttp1(bytes, at, end);
  if (at + 8 < end && bytes[at + 8] !== CR) return Fault.requestLine;
  if (end - at < VERSION_BYTES) return 0;
  if (bytes[at + 9] !== LF) return Fault.requestLine;
  const minor = bytes[at + 7]! - 48;
  if (minor !== 0 && minor !== 1) return minor > 0 && minor < 10 ? Fault.version : Fault.requestLine;
  head.minor = minor;
  return at + VERSION_BYTES;
}

/** `HTTP/2.0` is another version; anything else is no version. */
function notHttp1(bytes: Buffer, at: number, end: number): number {
  for (let i = 0; i <= HTTP_1.length; i++) {
    if (at + i === end) return 0;
    const octet = bytes[at + i]!;
    const fits = i === 5 || i === 7 ? octet >= 48 && octet <= 57 : octet === HTTP_1[i];
    if (!fits) return Fault.requestLine;
  }
  return Fault.version;
}

const OPTIONS = octets('options');
const CONNECT = octets('connect');
const BODILESS = ['get', 'head', 'delete'].map(octets);
/** Reserved for the preface of HTTP/2 (RFC 9113 §11.6): parsers that know it take what follows for that. */
const PRI = octets('pri');

function scanTarget(bytes: Buffer, head: Head): number | undefined {
  const start = head.targetStart;
  const end = head.targetEnd;
  head.absolute = false;
  head.pathStart = start;
  head.authorityStart = 0;
  head.authorityEnd = 0;
  if (equalsToken(bytes, head.start, head.methodEnd, CONNECT)) return Fault.connectMethod;
  if (equalsToken(bytes, head.start, head.methodEnd, PRI)) return Fault.requestLine;
  if (bytes[start] === SLASH) return undefined;
  if (bytes[start] === ASTERISK) {
    const asked = end - start === 1 && equalsToken(bytes, head.start, head.methodEnd, OPTIONS);
    return asked ? undefined : Fault.target;
  }
  return scanAbsoluteForm(bytes, head);
}

/** `http://AUTHORITY[/PATH][?QUERY]`: its authority counts, whatever Host says (RFC 9112 §3.2.2). */
function scanAbsoluteForm(bytes: Buffer, head: Head): number | undefined {
  const start = head.targetStart;
  let p = start;
  while (p < head.targetEnd && TOKEN[bytes[p]!] !== 0) p++;
  if (!equalsToken(bytes, start, p, HTTP_SCHEME) && !equalsToken(bytes, start, p, HTTPS_SCHEME)) {
    return Fault.target;
  }
  for (const octet of AUTHORITY_MARK) if (bytes[p++] !== octet) return Fault.target;
  head.authorityStart = p;
  while (p < head.targetEnd && bytes[p] !== SLASH && bytes[p] !== QUESTION) p++;
  head.authorityEnd = p;
  head.pathStart = p;
  head.absolute = true;
  return head.authorityStart === p ? Fault.target : undefined;
}

/** HTTP/1.1 needs a Host; it must be an authority and nothing else, for one parser's path is another's host. */
function checkHost(bytes: Buffer, head: Head): number | undefined {
  if (head.host === NO_LINE) {
    if (head.minor === 1) return Fault.hostMissing;
  } else {
    const fault = checkAuthority(bytes, head.valueStart[head.host]!, head.valueEnd[head.host]!);
    if (fault !== undefined) return fault;
    if (!head.absolute) {
      head.authorityStart = head.valueStart[head.host]!;
      head.authorityEnd = head.valueEnd[head.host]!;
      return undefined;
    }
    head.cut[head.host] = 1;
  }
  return head.absolute ? checkAuthority(bytes, head.authorityStart, head.authorityEnd) : undefined;
}

function checkAuthority(bytes: Buffer, start: number, end: number): number | undefined {
  return isAuthority(bytes, start, end) ? undefined : Fault.host;
}

/** What else makes of a request what its octets do not say, for a receiver or for us. */
function checkRest(bytes: Buffer, head: Head): number | undefined {
  if (head.underscored) return Fault.underscored;
  if (head.minor === 1) return undefined;
  head.expect = NO_LINE;
  return head.contentLength > 0 && isBodiless(bytes, head) ? Fault.bodyInHttp10 : undefined;
}

/**
 * Methods whose content means nothing (RFC 9110 §9.3). Servers that know HTTP/1.0 do not look for it, and take it for the
 * next request; HAProxy answers the same.
 */
function isBodiless(bytes: Buffer, head: Head): boolean {
  return BODILESS.some((method) => equalsToken(bytes, head.start, head.methodEnd, method));
}
