/** From bytes to OTLP's messages, in both encodings of OTLP (protobuf, and JSON with ids in hex). */
import { fromBinary, fromJson, type JsonValue } from '@bufbuild/protobuf';
import { messageOf, WeftError } from '#api/foundation/errors.ts';
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from '#api/otlp/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { weigh } from './weigh.ts';

export type Encoding = 'protobuf' | 'json';

interface DecodeLimits {
  readonly messages: number;
  readonly depth: number;
}

/** Throws a WeftError `RequestInvalid`. */
export function decode(
  bytes: Uint8Array,
  encoding: Encoding,
  limits: DecodeLimits,
): ExportTraceServiceRequest {
  if (encoding === 'protobuf') weigh(bytes, limits);
  try {
    return encoding === 'protobuf'
      ? fromBinary(ExportTraceServiceRequestSchema, bytes)
      : ofJson(bytes, limits);
  } catch (cause) {
    if (cause instanceof WeftError) throw cause;
    throw new WeftError('RequestInvalid', `not an OTLP request: ${messageOf(cause).slice(0, 200)}`, {
      cause,
    });
  }
}

function ofJson(bytes: Uint8Array, limits: DecodeLimits): ExportTraceServiceRequest {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  // Braces within strings count too: what is meant is a bound on the objects, and that it is.
  if ((text.match(/[{[]/g)?.length ?? 0) > limits.messages)
    throw new WeftError('RequestInvalid', `not an OTLP request: it has more than ${limits.messages} objects`);
  const json = withIdsInBase64(JSON.parse(text) as JsonValue, limits.depth * 2, undefined);
  return fromJson(ExportTraceServiceRequestSchema, json, { ignoreUnknownFields: true });
}

const IDS = new Set(['traceId', 'spanId', 'parentSpanId', 'trace_id', 'span_id', 'parent_span_id']);

/** OTLP writes ids in hex where protobuf's JSON has base64. */
function withIdsInBase64(value: JsonValue, depth: number, key: string | undefined): JsonValue {
  if (depth < 0) throw new WeftError('RequestInvalid', 'not an OTLP request: values are nested too deeply');
  if (Array.isArray(value)) return value.map((one) => withIdsInBase64(one, depth - 1, undefined));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [
        isBeyondInt64(name, inner) ? 'doubleValue' : name,
        withIdsInBase64(inner, depth - 1, name),
      ]),
    );
  if (typeof value !== 'string' || key === undefined || !IDS.has(key)) return value;
  if (!/^([0-9a-fA-F]{2})*$/.test(value))
    throw new WeftError('RequestInvalid', `not an OTLP request: ${key} is not in hex`);
  return Buffer.from(value, 'hex').toString('base64');
}

/** OpenTelemetry's SDK for JavaScript says `intValue` of whatever has no fraction, 1e300 too: no reason to refuse all beside it. */
function isBeyondInt64(name: string, value: JsonValue): boolean {
  return name === 'intValue' && typeof value === 'number' && Math.abs(value) >= 2 ** 63;
}
