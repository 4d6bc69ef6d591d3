/**
 * What a scanner found wrong. Negative, so that a scanner's answer is one number: the offset after what it read, 0 for
 * "needs more", or a fault. A proxy that lets an ambiguous head through lends itself to request smuggling
 * (RFC 9112 §11.2), so whatever two parsers could read in two ways is a fault.
 */
export const Fault = {
  requestLine: -1,
  target: -2,
  version: -3,
  statusLine: -4,
  lineEnd: -5,
  fieldName: -6,
  fieldValue: -7,
  contentLength: -8,
  contentLengthTwice: -9,
  transferEncoding: -10,
  lengthAndEncoding: -11,
  encodingInHttp10: -12,
  host: -13,
  hostTwice: -14,
  hostMissing: -15,
  connection: -16,
  headTooLong: -17,
  tooManyLines: -18,
  targetTooLong: -19,
  chunkSize: -20,
  chunkLineTooLong: -21,
  chunkEnd: -22,
  trailer: -23,
  connectMethod: -24,
  upgradeUnasked: -25,
  bodyTooLong: -26,
  methodTooLong: -27,
  underscored: -28,
  chunkExtensions: -29,
  informationalFlood: -30,
  bodyInHttp10: -31,
  tooManyOptions: -32,
} as const;

export type FaultCode = (typeof Fault)[keyof typeof Fault];

interface Explanation {
  /** Status of the answer when it stands in a request. */
  readonly status: number;
  /** What is wrong, to stand after "the request" or "the response". */
  readonly sentence: string;
}

const EXPLANATIONS: Readonly<Record<FaultCode, Explanation>> = {
  [Fault.requestLine]: { status: 400, sentence: 'has a malformed request line' },
  [Fault.target]: { status: 400, sentence: 'has a malformed request target' },
  [Fault.version]: { status: 505, sentence: 'is not of HTTP/1.0 or HTTP/1.1' },
  [Fault.statusLine]: { status: 400, sentence: 'has a malformed status line' },
  [Fault.lineEnd]: { status: 400, sentence: 'has a line that does not end with CRLF' },
  [Fault.fieldName]: { status: 400, sentence: 'has a header line without a valid name and colon' },
  [Fault.fieldValue]: { status: 400, sentence: 'has a control character in a header' },
  [Fault.contentLength]: { status: 400, sentence: 'has an invalid Content-Length' },
  [Fault.contentLengthTwice]: { status: 400, sentence: 'has more than one Content-Length' },
  [Fault.transferEncoding]: { status: 400, sentence: 'has a Transfer-Encoding other than chunked' },
  [Fault.lengthAndEncoding]: { status: 400, sentence: 'has both Content-Length and Transfer-Encoding' },
  [Fault.encodingInHttp10]: { status: 400, sentence: 'has a Transfer-Encoding in HTTP/1.0' },
  [Fault.host]: { status: 400, sentence: 'has an invalid Host' },
  [Fault.hostTwice]: { status: 400, sentence: 'has more than one Host' },
  [Fault.hostMissing]: { status: 400, sentence: 'has no Host' },
  [Fault.connection]: {
    status: 400,
    sentence: 'has a Connection header that names a header of the message itself',
  },
  [Fault.headTooLong]: { status: 431, sentence: 'has a head above 60 KiB' },
  [Fault.tooManyLines]: { status: 431, sentence: 'has more than 100 header lines' },
  [Fault.targetTooLong]: { status: 414, sentence: 'has a target above 30 KiB' },
  [Fault.chunkSize]: { status: 400, sentence: 'has an invalid chunk size' },
  [Fault.chunkLineTooLong]: { status: 400, sentence: 'has a chunk-size line above 4 KiB' },
  [Fault.chunkEnd]: { status: 400, sentence: 'has a chunk that does not end where its size says' },
  [Fault.trailer]: { status: 400, sentence: 'has an invalid trailer section' },
  [Fault.connectMethod]: {
    status: 405,
    sentence: 'asks for a tunnel with CONNECT, which is not offered here',
  },
  [Fault.bodyTooLong]: { status: 413, sentence: 'has a body that is longer than is let in' },
  [Fault.methodTooLong]: { status: 501, sentence: 'has a method above 64 octets' },
  [Fault.underscored]: {
    status: 400,
    sentence: 'has a Content_Length or Transfer_Encoding, which some take for the one with a hyphen',
  },
  [Fault.chunkExtensions]: { status: 400, sentence: 'has more chunk extensions than data' },
  [Fault.informationalFlood]: { status: 400, sentence: 'begins with more than 100 informational ones' },
  [Fault.bodyInHttp10]: { status: 413, sentence: 'has a body in a GET, HEAD or DELETE of HTTP/1.0' },
  [Fault.tooManyOptions]: { status: 400, sentence: 'has more than 100 header names in Connection' },
  [Fault.upgradeUnasked]: { status: 400, sentence: 'switches to a protocol that was not asked for' },
};

/** Envoy's response code details of requests that its codec or its limits refuse; the rest is `http1.codec_error`. */
const DETAILS: ReadonlyMap<number, string> = new Map([
  [Fault.target, 'http1.invalid_url'],
  [Fault.fieldValue, 'http1.invalid_characters'],
  [Fault.transferEncoding, 'http1.invalid_transfer_encoding'],
  [Fault.encodingInHttp10, 'http1.transfer_encoding_not_allowed'],
  [Fault.lengthAndEncoding, 'http1.content_length_and_chunked_not_allowed'],
  [Fault.hostMissing, 'missing_host_header'],
  [Fault.connection, 'http1.connection_header_rejected'],
  [Fault.headTooLong, 'http1.headers_too_large'],
  [Fault.tooManyLines, 'http1.too_many_headers'],
  [Fault.bodyTooLong, 'request_payload_too_large'],
  [Fault.bodyInHttp10, 'http1.body_disallowed'],
  [Fault.underscored, 'http1.unexpected_underscore'],
]);

export function detailsOf(fault: number): string {
  return DETAILS.get(fault) ?? 'http1.codec_error';
}

export function explain(fault: number): Explanation {
  return EXPLANATIONS[fault as FaultCode];
}
