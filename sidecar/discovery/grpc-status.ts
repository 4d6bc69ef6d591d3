/** How a gRPC call ended, in words (PROTOCOL-HTTP2.md, "Responses"). */
import type { IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';

/** By number, as gRPC numbers them. */
const NAMES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/** Why the head of a response is not that of a stream; undefined when it is. */
export function refusalIn(head: IncomingHttpHeaders & IncomingHttpStatusHeader): string | undefined {
  const status = head[':status'];
  if (status !== 200) return `UNAVAILABLE: HTTP status ${status}`;
  const type = head['content-type'] ?? '';
  return type.startsWith('application/grpc') ? undefined : `UNKNOWN: content-type "${type}" is not gRPC`;
}

/** What trailers say, or the head of a response that is nothing else; undefined when there is no status. */
export function endingIn(fields: IncomingHttpHeaders): string | undefined {
  const code = fields['grpc-status'];
  if (code === undefined) return undefined;
  if (code === '0') return 'the control plane ended the stream';
  return `${NAMES[Number(code)] ?? code}: ${decoded(String(fields['grpc-message'] ?? ''))}`;
}

/** Messages are percent-encoded; one that is not travels as it is. */
function decoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
