import { HIGHEST_HEAD_BYTES, HIGHEST_HEAD_LINES, MAX_HEAD_BYTES, MAX_HEAD_LINES } from './limits.ts';

/** No header line of that name. */
export const NO_LINE = -1;

/**
 * One scanned head, as offsets into the bytes that it was scanned from. Valid as long as those bytes are, that is
 * within one read; instances are reused, so a scan allocates nothing.
 */
export class Head {
  /** First byte of the start line. */
  start = 0;
  /** First byte after the empty line. */
  end = 0;
  /** First byte of the first header line. */
  fields = 0;
  /** Minor version: 0 or 1. */
  minor = 1;

  /** Requests: the method is `[start, methodEnd)`, the target as sent `[targetStart, targetEnd)`. */
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  /** Requests: path and query of the target; empty for absolute forms without one. */
  pathStart = 0;
  /** Requests: authority of the target or value of Host. Empty when there is neither. */
  authorityStart = 0;
  authorityEnd = 0;
  /** Requests: the target carries the authority, and Host (if any) must give way. */
  absolute = false;

  /** Responses: the status code. */
  status = 0;

  /** Declared length of the body, or -1. */
  contentLength = -1;
  chunked = false;
  /** `Connection` options. */
  close = false;
  keepAlive = false;
  upgrade = false;
  /** Options that name header lines. */
  nominations = 0;

  /** Lines by name, `NO_LINE` when absent. */
  host: number = NO_LINE;
  connection: number = NO_LINE;
  upgradeLine: number = NO_LINE;
  requestId: number = NO_LINE;
  traceparent: number = NO_LINE;
  forwardedProto: number = NO_LINE;
  peerMetadata: number = NO_LINE;
  keepAliveLine: number = NO_LINE;
  transferEncoding: number = NO_LINE;
  contentLengthLine: number = NO_LINE;
  attemptCount: number = NO_LINE;
  expect: number = NO_LINE;
  /** Some line says how long the caller waits. */
  timed = false;
  /** Some line has the name of a framing one but for an underscore. */
  underscored = false;

  /** Number of header lines. */
  lines = 0;
  readonly nameStart: Int32Array;
  readonly nameEnd: Int32Array;
  /** Values without the white space around them. */
  readonly valueStart: Int32Array;
  readonly valueEnd: Int32Array;
  /** First byte after the line's CRLF. */
  readonly lineEnd: Int32Array;
  /** 1 for lines that stay on this hop. */
  readonly cut: Uint8Array;

  /** What is longer does not fit. */
  readonly maxBytes: number;
  readonly maxLines: number;

  constructor(maxBytes: number = MAX_HEAD_BYTES, maxLines: number = MAX_HEAD_LINES) {
    this.maxBytes = maxBytes;
    this.maxLines = maxLines;
    this.nameStart = new Int32Array(maxLines);
    this.nameEnd = new Int32Array(maxLines);
    this.valueStart = new Int32Array(maxLines);
    this.valueEnd = new Int32Array(maxLines);
    this.lineEnd = new Int32Array(maxLines);
    this.cut = new Uint8Array(maxLines);
  }

  reset(start: number): void {
    this.start = start;
    this.lines = 0;
    this.contentLength = -1;
    this.chunked = false;
    this.close = false;
    this.keepAlive = false;
    this.upgrade = false;
    this.nominations = 0;
    this.host = NO_LINE;
    this.connection = NO_LINE;
    this.upgradeLine = NO_LINE;
    this.requestId = NO_LINE;
    this.traceparent = NO_LINE;
    this.forwardedProto = NO_LINE;
    this.peerMetadata = NO_LINE;
    this.keepAliveLine = NO_LINE;
    this.transferEncoding = NO_LINE;
    this.contentLengthLine = NO_LINE;
    this.attemptCount = NO_LINE;
    this.expect = NO_LINE;
    this.timed = false;
    this.underscored = false;
  }
}

/** For requests as they are sent: the longest that is let in, and what this proxy and its rules add. */
export function roomyHead(): Head {
  return new Head(2 * HIGHEST_HEAD_BYTES, 2 * HIGHEST_HEAD_LINES);
}
