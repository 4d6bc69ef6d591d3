import { describe, expect, test } from 'vitest';
import { DEFAULT_JSON_FORMAT, DEFAULT_TEXT_FORMAT } from '#api/expressions/log-format.ts';
import { readMeshSettings } from '#api/mesh/read-mesh-settings.ts';
import { providersOf } from './providers.ts';

const providers = (mesh: object, traces = false) => {
  const verdict = readMeshSettings(JSON.stringify(mesh));
  if (!verdict.ok) throw new Error(JSON.stringify(verdict.mistakes));
  return providersOf(verdict.settings, traces);
};
const logOf = (mesh: object, name: string) => {
  const found = providers(mesh).find(name);
  return found?.kind === 'accessLogging' ? found.log : undefined;
};
const file = (name: string, envoyFileAccessLog: object, more: object = {}) => ({
  ...more,
  extensionProviders: [{ name, envoyFileAccessLog }],
});

test('what is there without being set', () => {
  const { find, defaults, fallbackLog } = providers({});
  expect([find('prometheus')?.kind, find('Envoy')?.kind, find('weft-traces')]).toEqual([
    'metrics',
    'accessLogging',
    undefined,
  ]);
  expect(defaults).toEqual({ metrics: ['prometheus'], tracing: [], accessLogging: [] });
  expect(fallbackLog).toBeUndefined();
});

test("the mesh's own viewer is the default, unless the mesh says another or none", () => {
  expect(providers({}, true).defaults.tracing).toEqual(['weft-traces']);
  expect(providers({ enableTracing: false }, true).defaults.tracing).toEqual([]);
  expect(providers({ enableTracing: false }, true).find('weft-traces')?.kind).toBe('tracing');
  expect(providers({ defaultProviders: { tracing: ['x'] } }, true).defaults.tracing).toEqual(['x']);
  expect(providers({ defaultProviders: { tracing: [] } }, true).defaults.tracing).toEqual([]);
});

describe('formats of access logs', () => {
  const text = (format: string, omitEmpty = false) => ({ format: { text: format }, omitEmpty });
  const json = (format: object, omitEmpty = false) => ({ format: { json: format }, omitEmpty });
  const meshJson = { accessLogEncoding: 'JSON', accessLogFormat: '{"a": "%RESPONSE_CODE%"}' };

  test.each<[string, object, string, unknown]>([
    ["Istio's text", {}, 'envoy', text(DEFAULT_TEXT_FORMAT)],
    ["the mesh's text, with its line break", { accessLogFormat: 'a' }, 'envoy', text('a\n')],
    ["Istio's labels", { accessLogEncoding: 'JSON' }, 'envoy', json(DEFAULT_JSON_FORMAT)],
    ["the mesh's labels", meshJson, 'envoy', json({ a: '%RESPONSE_CODE%' })],
    ["a provider's own text", file('b', { logFormat: { text: 'b\n' } }), 'b', text('b\n')],
    [
      "a provider without a format, whatever the mesh's",
      file('b', {}, meshJson),
      'b',
      text(DEFAULT_TEXT_FORMAT),
    ],
    ['labels without any', file('b', { logFormat: { labels: {} } }), 'b', json(DEFAULT_JSON_FORMAT)],
    [
      'labels that leave out what is empty',
      file('b', { logFormat: { labels: { a: 'x' } }, omitEmptyValues: true }),
      'b',
      json({ a: 'x' }, true),
    ],
    ['envoy said anew', file('envoy', { logFormat: { text: 'c' } }, meshJson), 'envoy', text('c\n')],
    ['envoy named, and nothing said', file('envoy', {}, meshJson), 'envoy', json({ a: '%RESPONSE_CODE%' })],
  ])('%s', (_, mesh, name, expected) => {
    expect(logOf(mesh, name)).toEqual(expected);
  });

  test('accessLogFile is for whoever says nothing', () => {
    expect(providers({ accessLogFile: '/dev/stdout', accessLogFormat: 'a' }).fallbackLog).toEqual(
      text('a\n'),
    );
  });
});
