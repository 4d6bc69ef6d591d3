import { toBinary, toJson } from '@bufbuild/protobuf';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { describe, expect, test } from 'vitest';
import { ExportTraceServiceRequestSchema } from '#api/otlp/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { LIMITS } from '../limits.ts';
import { requestOf, traceIdFor } from '../testing/page-of-bookinfo.ts';
import { decode } from './decode.ts';
import { readSpans } from './read-spans.ts';
import { weigh } from './weigh.ts';

const GENEROUS = { messages: LIMITS.messagesPerRequest, depth: LIMITS.depth };
const request = requestOf(7, 1_700_000_000_000);
const bytes = toBinary(ExportTraceServiceRequestSchema, request);

/** `count` empty spans: two bytes each. */
function emptySpans(count: number): Uint8Array {
  const spans = new BinaryWriter();
  for (let i = 0; i < count; i++) spans.uint32(0x12).bytes(new Uint8Array());
  const scope = new BinaryWriter().uint32(0x12).bytes(spans.finish()).finish();
  return new BinaryWriter().uint32(0x0a).bytes(scope).finish();
}

/** A span with one attribute whose value is a list in a list in a list. */
function nested(depth: number): Uint8Array {
  let value: Uint8Array = new BinaryWriter().uint32(0x0a).string('deep').finish();
  for (let i = 0; i < depth; i++) {
    const list = new BinaryWriter().uint32(0x0a).bytes(value).finish();
    value = new BinaryWriter().uint32(0x2a).bytes(list).finish();
  }
  const pair = new BinaryWriter().uint32(0x0a).string('key').uint32(0x12).bytes(value).finish();
  const span = new BinaryWriter().uint32(0x4a).bytes(pair).finish();
  const spans = new BinaryWriter().uint32(0x12).bytes(span).finish();
  const scope = new BinaryWriter().uint32(0x12).bytes(spans).finish();
  return new BinaryWriter().uint32(0x0a).bytes(scope).finish();
}

describe('a request in protobuf', () => {
  test('is weighed before it is decoded: spans, and messages of all kinds', () => {
    const { spans, messages } = weigh(bytes, GENEROUS);
    expect(spans).toBe(11);
    expect(messages).toBeGreaterThan(11 * 14);
  });

  test.each([
    ['random bytes', Buffer.from('00ff00ff13371337', 'hex'), /wire type|breaks off/],
    ['text', Buffer.from('GET / HTTP/1.1\r\n\r\n'), /breaks off|wire type/],
    ['a length beyond the end', Buffer.from('0aff7f00', 'hex'), /breaks off/],
    ['a request cut in two', bytes.subarray(0, bytes.length - 9), /breaks off/],
    ['a number without an end', Buffer.alloc(30, 0xff), /more than ten bytes/],
    [
      'more spans than messages are allowed',
      emptySpans(LIMITS.messagesPerRequest),
      /more than 100000 messages/,
    ],
    ['values nested too deeply', nested(100), /nested more than 24 deep/],
    ['values nested beyond any stack', nested(20_000), /nested more than 24 deep/],
    ['a group, which protobuf has given up', Buffer.from('0b0c', 'hex'), /wire type 3/],
  ])('is refused: %s', (_what, sent, reason) => {
    expect(() => decode(sent, 'protobuf', GENEROUS)).toThrow(reason);
  });

  test('has what it says', () => {
    const { spans, refused } = readSpans(decode(bytes, 'protobuf', GENEROUS));
    expect(refused).toBe(0);
    expect(spans).toHaveLength(11);
    expect(spans.find(({ span }) => span.spanId.endsWith('09'))).toMatchObject({
      origin: { service: 'reviews.default' },
      span: {
        traceId: traceIdFor(7),
        parentId: '0000000000000008',
        kind: 'client',
        startUs: 1_700_000_000_015_300,
        durationUs: 6_400,
        status: 'error',
        message: 'answered 503',
        scope: 'weft',
      },
    });
  });
});

describe('a request in JSON', () => {
  const hex = (base64: unknown): string => Buffer.from(String(base64), 'base64').toString('hex');
  const json = JSON.stringify(toJson(ExportTraceServiceRequestSchema, request), (key, value) =>
    /^(traceId|spanId|parentSpanId)$/.test(key) ? hex(value) : value,
  );

  test('comes to the same, with ids in hex and fields that are not known left alone', () => {
    const sent = Buffer.from(json.replace('{', '{"tomorrow":{"is":[1]},'));
    expect(readSpans(decode(sent, 'json', GENEROUS))).toEqual(readSpans(request));
  });

  test('may have numbers that are called integers and are too large', () => {
    const sent = json.replace('"stringValue":"GET"', '"intValue":1e300');
    const [{ span } = expect.unreachable()] = readSpans(decode(Buffer.from(sent), 'json', GENEROUS)).spans;
    expect(span.tags).toContainEqual({ key: 'http.request.method', value: 1e300 });
  });

  test.each([
    ['what is no JSON', '{', /not an OTLP request/],
    ['another shape', '{"resourceSpans":17}', /not an OTLP request/],
    [
      'an id that is not in hex',
      json.replace(/"traceId":"[^"]*"/, '"traceId":"xyz"'),
      /traceId is not in hex/,
    ],
    [
      'more objects than are allowed',
      `[${'{},'.repeat(LIMITS.messagesPerRequest)}{}]`,
      /more than 100000 objects/,
    ],
    ['values nested too deeply', `${'['.repeat(5_000)}${']'.repeat(5_000)}`, /nested too deeply/],
  ])('is refused: %s', (_what, sent, reason) => {
    expect(() => decode(Buffer.from(sent), 'json', GENEROUS)).toThrow(reason);
  });
  test('is refused: what is no UTF-8', () => {
    expect(() => decode(Buffer.from([0x22, 0xff, 0x22]), 'json', GENEROUS)).toThrow(/not an OTLP request/);
  });
});

describe('spans', () => {
  test('without valid ids are counted and left out', () => {
    const bad = requestOf(0, 0); // A trace id of zeros is none.
    bad.resourceSpans[0]!.scopeSpans[0]!.spans[0]!.traceId = Buffer.alloc(15, 1);
    expect(readSpans(bad)).toEqual({ spans: [], refused: 11 });
  });

  test('are cut to size, and say how much was left out', () => {
    const big = requestOf(8, 0);
    const span = big.resourceSpans[0]!.scopeSpans[0]!.spans[0]!;
    span.name = 'n'.repeat(10_000);
    span.attributes = Array.from({ length: 1_000 }, () => ({
      ...span.attributes[0]!,
      key: 'k'.repeat(1_000),
    }));
    span.attributes[0]!.value!.value = { case: 'stringValue', value: '\u{1f9f5}'.repeat(5_000) };
    const [{ span: read } = { span: undefined }] = readSpans(big).spans;
    expect(read?.name).toHaveLength(LIMITS.nameLength);
    expect(read?.tags).toHaveLength(LIMITS.tagsPerSpan);
    expect(read?.tags[0]?.key).toHaveLength(LIMITS.keyLength);
    expect(String(read?.tags[0]?.value).isWellFormed()).toBe(true);
    expect(read?.left).toBe(1_000 - LIMITS.tagsPerSpan);
  });
});
