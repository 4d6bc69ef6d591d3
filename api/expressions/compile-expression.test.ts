import { expect, test } from 'vitest';
import { codeOf } from '#api/foundation/errors.ts';
import { compileExpression, compileTyped } from './compile-expression.ts';

const REQUEST: Readonly<Record<string, unknown>> = {
  'request.method': 'GET',
  'request.host': 'reviews:9080',
  'request.path': '/reviews/1?full=yes',
  'request.url_path': '/reviews/1',
  'request.headers.x-log': 'true',
  'request.duration': 1500,
  'request.time': Date.UTC(2030, 0, 2, 3, 4, 5),
  'response.code': 404,
  'response.size': 1200,
  'destination.port': 9080,
  'connection.mtls': false,
};
const lookup = (name: string): unknown => REQUEST[name];

test.each<[string, unknown]>([
  // As Istio's and Envoy's documents write them.
  ['response.code >= 400', true],
  ['response.code >= 400 && response.code < 500', true],
  ["connection.mtls && request.url_path.contains('v1beta3')", false],
  [
    "(connection.mtls && request.headers['x-log-mtls'] == 'true') || request.url_path.contains('reviews')",
    true,
  ],
  ['string(destination.port)', '9080'],
  ['has(request.host) ? request.host : "unknown"', 'reviews:9080'],
  ['has(request.referer) ? request.referer : "unknown"', 'unknown'],
  ['!has(response.code_details)', true],
  ['request.method in ["GET", "HEAD"]', true],
  ['request.path.startsWith("/reviews/") && !request.path.endsWith("/")', true],
  // Headers.
  ["request.headers['X-Log']", 'true'],
  ["request.headers['x-' + 'log']", 'true'],
  ["'X-Log' in request.headers", true],
  ["'x-none' in request.headers", false],
  ['has(request.headers.x)', false],
  ["request.headers['x-none'] == 'a'", undefined],
  // A side that settles it needs no other side.
  ["request.headers['x-none'] == 'a' || response.code == 404", true],
  ["response.code == 404 || request.headers['x-none'] == 'a'", true],
  ["response.code == 404 && request.headers['x-none'] == 'a'", undefined],
  ["request.headers['x-none'] == 'a' && response.code == 1", false],
  ["request.headers['x-none'] == 'a' ? 1 : 2", undefined],
  // Numbers.
  ['string(response.code / 100) + "xx"', '4xx'],
  ['-7 / 2', -3],
  ['7 % 4', 3],
  ['-7 % 7 == 0', true],
  ['1 / 0', undefined],
  ['9007199254740991 + 1', undefined],
  ['1 + 2 * 3', 7],
  ['(1 + 2) * 3', 9],
  ['10 - 2 - 3', 5],
  ['1.5 + 0.25', 1.75],
  ['response.size > 1199.5', true],
  ['int(3.9)', 3],
  ['int("42")', 42],
  ['int("x")', undefined],
  ['double(1) / 2.0', 0.5],
  ['0x10', 16],
  // Text.
  ['size("añ☃")', 3],
  ['"a" < "b"', true],
  ['"ABC".lowerAscii()', 'abc'],
  ['"abc".upperAscii() + \'\\x21\\u0041\\n\'', 'ABC!A\n'],
  ["r'\\d'", '\\d'],
  ['request.path.matches("^/reviews/[0-9]+")', true],
  ['"aaaa".matches("b")', false],
  // Time.
  ['request.duration > duration("1s")', true],
  ['request.duration == duration("1s500ms")', true],
  ['string(request.duration)', '1.5s'],
  ['request.time > timestamp("2030-01-01T00:00:00Z")', true],
  ['request.time - duration("24h") < timestamp("2030-01-02T00:00:00Z")', true],
  ['string(request.time)', '2030-01-02T03:04:05.000Z'],
  // Lists.
  ['["/health", "/reviews"].exists(p, request.path.startsWith(p))', true],
  ['["/a", "/b"].exists(p, request.path.startsWith(p))', false],
  ['[1, 2, 3].all(n, n < response.code)', true],
  ['[].all(n, n == 1)', true],
  ['size([1, 2])', 2],
  ['1 in []', false],
  ['true // the rest is a comment', true],
])('%s is %j', (text, expected) => {
  expect(compileExpression(text)(lookup)).toBe(expected);
});

test.each([
  ['', 'expected'],
  ['request.foo', 'request.foo'],
  ['filter_state.upstream_peer', 'filter_state.upstream_peer'],
  ['request', 'request.path'],
  ['constructor', 'constructor'],
  ['request.__proto__', 'request.__proto__'],
  ['request.headers.x.y', 'request.headers.x.y'],
  ['"a".b', 'only attributes'],
  ['request.path["a"]', 'only headers'],
  ['request.headers[1]', 'string'],
  ['has(request.headers["x"])', 'has()'],
  ['response.code == "200"', 'int == string'],
  ['response.code + "a"', 'int + string'],
  ['!response.code', '!'],
  ['response.code ? 1 : 2', 'bool'],
  ['true ? 1 : "a"', 'one type'],
  ['[1, "a"]', 'one type'],
  ['request.host.matches(request.path)', 'literal'],
  ['request.host.matches("(")', 'RE2'],
  ['request.host.matches("(?=a)")', 'RE2'],
  ['nothing(1)', 'nothing(int)'],
  ['request.host.constructor("x")', 'constructor(string, string)'],
  ['duration("soon")', 'duration'],
  ['timestamp(request.host)', 'time'],
  ['request.headers', 'headers'],
  ['[1, 2]', 'list of int'],
  ['"open', 'character'],
  ['"a\\q"', '\\q'],
  ['1 +', 'the end'],
  ['(1', '")"'],
  ['1 2', 'the end'],
  ['1u', 'u'],
  ['99999999999999999999', 'too large'],
  ['#', 'character'],
  ['request.host.exists(x, true)', 'list'],
  ['[1].exists(true, 1 == 1)', 'variable'],
  [`${'('.repeat(60)}1${')'.repeat(60)}`, 'nested'],
  [`${'!'.repeat(60)}true`, 'nested'],
  [`1${' + 1'.repeat(1000)}`, 'parts'],
  [`"${'a'.repeat(5000)}"`, '4096'],
])('%j is refused', (text, named) => {
  const refused = (): unknown => compileExpression(text);
  expect(refused).toThrowError(named);
  let code: string | undefined;
  try {
    refused();
  } catch (error) {
    code = codeOf(error);
  }
  expect(code).toBe('ExpressionInvalid');
});

test('says the type of what it makes, so that a filter can be told from a value', () => {
  expect(compileTyped('response.code > 1').type).toBe('bool');
  expect(compileTyped('string(response.code)').type).toBe('string');
});

test('lists that contain lists of conditions do not grow without end', () => {
  const ten = `[${Array.from({ length: 10 }, (_, i) => i).join(', ')}]`;
  const nested = `${ten}.all(a, ${ten}.all(b, ${ten}.all(c, ${ten}.all(d, a + b + c + d < 100))))`;
  expect(() => compileExpression(nested)).toThrowError('parts');
});
