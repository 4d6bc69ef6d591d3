import type { JsonObject } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { decide, refusalsOf } from './testing/tables.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

test.each<[JsonObject, number, string]>([
  [{ status: 503 }, 503, ''],
  [{ status: 200, body: { inline_string: 'grüß' } }, 200, 'grüß'],
  [{ status: 404, body: { inline_bytes: base64('bytes') } }, 404, 'bytes'],
  [{ status: 204, body: {} }, 204, ''],
])('%o answers %s with "%s"', (direct_response, status, body) => {
  const decision = decide({ name: 'r', direct_response, response_headers_to_remove: ['server'] });
  expect(decision).toMatchObject({
    kind: 'direct',
    route: 'r',
    status,
    responseEdits: { remove: ['server'] },
  });
  expect(decision.kind === 'direct' && new TextDecoder().decode(decision.body)).toBe(body);
});

test('is the same answer for every request', () => {
  const route = { direct_response: { status: 200, body: { inline_string: 'x'.repeat(65_536) } } };
  expect(refusalsOf(route)).toEqual([]);
  expect(decide(route)).toMatchObject({ body: { length: 65_536 } });
});

test.each<[JsonObject, string]>([
  [{}, 'status: must be between 200 and 599'],
  [{ status: 199 }, 'status: must be between 200 and 599'],
  [{ status: 600 }, 'status: must be between 200 and 599'],
  [{ status: 204, body: { inline_string: 'x' } }, 'body: 204 has no body'],
  [{ status: 200, body: { filename: '/etc/shadow' } }, 'body.filename: not supported'],
  [{ status: 200, body: { environment_variable: 'SECRET' } }, 'body.environment_variable: not supported'],
  [{ status: 200, body: { inline_string: 'x'.repeat(65_537) } }, 'body: must be at most 65536 bytes'],
  [{ status: 200, body: { inline_string: 'ü'.repeat(32_769) } }, 'body: must be at most 65536 bytes'],
])('%o is refused', (direct_response, reason) => {
  expect(refusalsOf({ direct_response })).toEqual([`direct_response.${reason}`]);
});
