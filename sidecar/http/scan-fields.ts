/**
 * The header lines of a head, for requests and responses alike: one pass that validates every octet, keeps the
 * offsets of each line and understands the few names that framing and the hop depend on.
 */
import { scanConnection } from './connection-options.ts';
import { Fault } from './fault.ts';
import { endOfFieldValue } from './field-values.ts';
import type { Head } from './head.ts';
import { NO_LINE } from './head.ts';
import { COLON, CR, equalsToken, HTAB, isToken, LF, octets, SP, TOKEN } from './octets.ts';

const NAME = {
  te: octets('te'),
  host: octets('host'),
  expect: octets('expect'),
  upgrade: octets('upgrade'),
  trailer: octets('trailer'),
  connection: octets('connection'),
  keepAlive: octets('keep-alive'),
  traceparent: octets('traceparent'),
  requestId: octets('x-request-id'),
  contentLength: octets('content-length'),
  proxyConnection: octets('proxy-connection'),
  transferEncoding: octets('transfer-encoding'),
  forwardedProto: octets('x-forwarded-proto'),
  peerMetadata: octets('x-envoy-peer-metadata'),
  attemptCount: octets('x-envoy-attempt-count'),
  grpcTimeout: octets('grpc-timeout'),
  expectedTimeout: octets('x-envoy-expected-rq-timeout-ms'),
  requestTimeout: octets('x-envoy-upstream-rq-timeout-ms'),
  tryTimeout: octets('x-envoy-upstream-rq-per-try-timeout-ms'),
};

/** Gateways that make variables of names (RFC 3875 §4.1.18) cannot tell these from the right ones. */
const UNDERSCORED = {
  contentLength: octets('content_length'),
  transferEncoding: octets('transfer_encoding'),
};
const CHUNKED = octets('chunked');

/** 1 for the lengths of the names above: other lines need no look. */
const LONGEST_NAME = Math.max(...Object.values(NAME).map(({ length }) => length));
const MEANT = new Uint8Array(LONGEST_NAME + 1);
for (const { length } of Object.values(NAME)) MEANT[length] = 1;

/**
 * Scans header lines from `at` to the empty line. Returns the offset after it, 0 when the bytes end before it,
 * or a fault.
 */
export function scanFields(bytes: Buffer, at: number, end: number, head: Head): number {
  head.fields = at;
  let p = at;
  for (;;) {
    if (p >= end) return 0;
    if (bytes[p] === CR) {
      if (p + 1 === end) return 0;
      if (bytes[p + 1] !== LF) return Fault.lineEnd;
      head.end = p + 2;
      return checkFraming(head) ?? scanConnection(bytes, head) ?? p + 2;
    }
    const nameStart = p;
    while (p < end && TOKEN[bytes[p]!] !== 0) p++;
    if (p >= end) return 0;
    if (bytes[p] !== COLON || p === nameStart) return Fault.fieldName;
    const nameEnd = p++;
    while (p < end && (bytes[p] === SP || bytes[p] === HTAB)) p++;
    const valueStart = p;
    p = endOfFieldValue(bytes, p, end);
    if (p + 1 >= end) return p < end && bytes[p] !== CR ? notALineEnd(bytes[p]!) : 0;
    if (bytes[p] !== CR || bytes[p + 1] !== LF) return notALineEnd(bytes[p]!);
    let valueEnd = p;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) valueEnd--;
    p += 2;

    const line = head.lines;
    if (line === head.maxLines) return Fault.tooManyLines;
    head.lines = line + 1;
    head.nameStart[line] = nameStart;
    head.nameEnd[line] = nameEnd;
    head.valueStart[line] = valueStart;
    head.valueEnd[line] = valueEnd;
    head.lineEnd[line] = p;
    head.cut[line] = 0;
    if (nameEnd - nameStart <= LONGEST_NAME && MEANT[nameEnd - nameStart] === 1) {
      const fault = understand(bytes, head, line);
      if (fault !== 0) return fault;
    }
  }
}

function notALineEnd(octet: number): number {
  return octet === CR || octet === LF ? Fault.lineEnd : Fault.fieldValue;
}

/** Notes the lines that framing, routing and the hop depend on. Returns 0 or a fault. */
function understand(bytes: Buffer, head: Head, line: number): number {
  const name = head.nameStart[line]!;
  switch (head.nameEnd[line]! - name) {
    case 2:
      if (isToken(bytes, name, NAME.te)) head.cut[line] = 1;
      return 0;
    case 4:
      if (!isToken(bytes, name, NAME.host)) return 0;
      if (head.host !== NO_LINE) return Fault.hostTwice;
      head.host = line;
      return 0;
    case 6:
      if (isToken(bytes, name, NAME.expect)) head.expect = line;
      return 0;
    case 7:
      if (isToken(bytes, name, NAME.upgrade)) {
        head.upgradeLine = line;
        head.cut[line] = 1;
      } else if (isToken(bytes, name, NAME.trailer)) head.cut[line] = 1;
      return 0;
    case 10:
      if (isToken(bytes, name, NAME.connection)) {
        head.connection = line;
        head.cut[line] = 1;
      } else if (isToken(bytes, name, NAME.keepAlive)) {
        head.keepAliveLine = line;
        head.cut[line] = 1;
      }
      return 0;
    case 11:
      if (isToken(bytes, name, NAME.traceparent)) head.traceparent = line;
      return 0;
    case 12:
      if (isToken(bytes, name, NAME.requestId)) head.requestId = line;
      else if (isToken(bytes, name, NAME.grpcTimeout)) head.timed = true;
      return 0;
    case 14:
      if (isToken(bytes, name, NAME.contentLength)) return readContentLength(bytes, head, line);
      if (isToken(bytes, name, UNDERSCORED.contentLength)) head.underscored = true;
      return 0;
    case 16:
      if (isToken(bytes, name, NAME.proxyConnection)) head.cut[line] = 1;
      return 0;
    case 17:
      if (isToken(bytes, name, NAME.transferEncoding)) return readTransferEncoding(bytes, head, line);
      if (isToken(bytes, name, NAME.forwardedProto)) head.forwardedProto = line;
      else if (isToken(bytes, name, UNDERSCORED.transferEncoding)) head.underscored = true;
      return 0;
    case 21:
      if (isToken(bytes, name, NAME.peerMetadata)) {
        head.peerMetadata = line;
        head.cut[line] = 1;
      } else if (isToken(bytes, name, NAME.attemptCount)) head.attemptCount = line;
      return 0;
    case 30:
      if (isToken(bytes, name, NAME.expectedTimeout)) head.timed = true;
      else if (isToken(bytes, name, NAME.requestTimeout)) head.timed = true;
      return 0;
    case 38:
      if (isToken(bytes, name, NAME.tryTimeout)) head.timed = true;
      return 0;
    default:
      return 0;
  }
}

/** The digits of the largest number that is exact. */
const LENGTH_DIGITS = 16;

/**
 * Digits only: no sign, no list, no second line, nothing above what a number holds exactly, and no tab beside them: it is
 * white space by RFC 9110 §5.6.3, and yet some parsers take it for a part of the value.
 */
function readContentLength(bytes: Buffer, head: Head, line: number): number {
  if (head.contentLength !== -1) return Fault.contentLengthTwice;
  const start = head.valueStart[line]!;
  const end = head.valueEnd[line]!;
  if (start === end || end - start > LENGTH_DIGITS || hasTabAround(bytes, head, line)) {
    return Fault.contentLength;
  }
  let length = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return Fault.contentLength;
    length = length * 10 + digit;
  }
  if (length > Number.MAX_SAFE_INTEGER) return Fault.contentLength;
  head.contentLength = length;
  head.contentLengthLine = line;
  return 0;
}

/** The one word `chunked`, once, without a tab beside it: those that then see no coding at all serve smugglers. */
function readTransferEncoding(bytes: Buffer, head: Head, line: number): number {
  if (head.chunked || hasTabAround(bytes, head, line)) return Fault.transferEncoding;
  if (!equalsToken(bytes, head.valueStart[line]!, head.valueEnd[line]!, CHUNKED))
    return Fault.transferEncoding;
  head.chunked = true;
  head.transferEncoding = line;
  return 0;
}

function hasTabAround(bytes: Buffer, head: Head, line: number): boolean {
  for (let p = head.nameEnd[line]!; p < head.valueStart[line]!; p++) if (bytes[p] === HTAB) return true;
  for (let p = head.valueEnd[line]!; p < head.lineEnd[line]!; p++) if (bytes[p] === HTAB) return true;
  return false;
}

function checkFraming(head: Head): number | undefined {
  if (!head.chunked) return undefined;
  if (head.contentLength !== -1) return Fault.lengthAndEncoding;
  return head.minor === 0 ? Fault.encodingInHttp10 : undefined;
}
