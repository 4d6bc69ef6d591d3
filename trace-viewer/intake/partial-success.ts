/**
 * OTLP's answer to a request: nothing, or how many of its spans were refused (`partial_success`). Written by hand, since the
 * messages that the answer is generated from are older than this field.
 */
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { Encoding } from '../otlp/decode.ts';

const WHY = 'a span needs a trace id of 16 bytes and an id of 8 bytes, not all zero';

export function answerOf({ refused }: { readonly refused: number }, encoding: Encoding): Buffer {
  if (encoding === 'json') {
    const partialSuccess = { rejectedSpans: String(refused), errorMessage: WHY };
    return Buffer.from(refused === 0 ? '{}' : JSON.stringify({ partialSuccess }));
  }
  if (refused === 0) return Buffer.alloc(0);
  // ExportTraceServiceResponse.partial_success = 1 { rejected_spans = 1, error_message = 2 }
  const writer = new BinaryWriter().uint32(10).fork();
  writer.uint32(8).int64(refused).uint32(18).string(WHY);
  return Buffer.from(writer.join().finish());
}
