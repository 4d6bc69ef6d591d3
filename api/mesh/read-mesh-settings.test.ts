import { describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from './mesh-settings.ts';
import { readMeshSettings } from './read-mesh-settings.ts';

const mistakes = (text: string): string[] => {
  const verdict = readMeshSettings(text);
  return verdict.ok ? [] : verdict.mistakes.map(({ path, message }) => `${path}: ${message}`);
};
const settings = (text: string) => {
  const verdict = readMeshSettings(text);
  return verdict.ok ? verdict.settings : verdict.mistakes;
};

test('nothing said is the default', () => {
  expect(settings('')).toEqual(DEFAULT_SETTINGS);
  expect(settings('{}')).toEqual(DEFAULT_SETTINGS);
});

test('all that there is', () => {
  const text = `
accessLogFile: /dev/stdout
accessLogEncoding: JSON
accessLogFormat: '{"code": "%RESPONSE_CODE%"}'
enableTracing: true
defaultProviders: { metrics: [prometheus], tracing: [otel], accessLogging: [json] }
defaultConfig:
  tracing:
    sampling: 10
    max_path_tag_length: 64
    custom_tags:
      custom_tags: { literal: { value: a } }
      user: { header: { name: x-user, default_value: nobody } }
extensionProviders:
  - name: otel
    opentelemetry:
      service: otel.observability.svc.cluster.local
      port: 4317
      grpc: { timeout: 2s, initialMetadata: [{ name: x-key, value: secret }] }
  - name: otlp-http
    opentelemetry: { service: otel.observability.svc.cluster.local, port: 4318, http: { path: /v1/traces } }
  - name: json
    envoyFileAccessLog: { path: /dev/stdout, logFormat: { labels: { code: '%RESPONSE_CODE%' } }, omitEmptyValues: true }
  - name: prom
    prometheus: {}
`;
  expect(mistakes(text)).toEqual([]);
  expect(settings(text)).toMatchObject({
    defaultConfig: {
      tracing: {
        sampling: 10,
        maxPathTagLength: 64,
        customTags: {
          custom_tags: { literal: { value: 'a' } },
          user: { header: { name: 'x-user', defaultValue: 'nobody' } },
        },
      },
    },
  });
});

const provider = (text: string) => `extensionProviders: [{ name: a, ${text} }]`;

describe('what is refused, and where', () => {
  test.each<[string, string, RegExp]>([
    ['what is no YAML', 'a: [', /^: is no YAML: /],
    ['an alias', 'a: &a b\nc: *a', /^: is no YAML: /],
    ['what is too long', `# ${'a'.repeat(70_000)}`, /has more than 65536 characters/],
    ['no object', '- a', /expected object/],
    [
      'a field that weft has not',
      'outboundTrafficPolicy: { mode: ALLOW_ANY }',
      /^outboundTrafficPolicy: unknown/,
    ],
    [
      'another default of proxies',
      'defaultConfig: { concurrency: 2 }',
      /^defaultConfig.concurrency: unknown/,
    ],
    ['a file', 'accessLogFile: /var/log/a', /^accessLogFile: /],
    ['a format', "accessLogFormat: '%NOPE%'", /^accessLogFormat: %NOPE% is not supported/],
    ['text where JSON is due', 'accessLogEncoding: JSON\naccessLogFormat: a', /must be a JSON object/],
    ['a share', 'defaultConfig: { tracing: { sampling: 200 } }', /^defaultConfig.tracing.sampling: /],
    [
      'a tag of nothing',
      'defaultConfig: { tracing: { customTags: { a: {} } } }',
      /customTags\[a\]: must be exactly one/,
    ],
    [
      'a kind of provider',
      provider('zipkin: { service: a, port: 1 }'),
      /^extensionProviders\[0\].zipkin: unknown/,
    ],
    ['another one', provider('skywalking: {}'), /skywalking: unknown/],
    ['no kind of provider', 'extensionProviders: [{ name: a }]', /must be exactly one of opentelemetry/],
    [
      'two providers of one name',
      'extensionProviders: [{ name: a, prometheus: {} }, { name: A, prometheus: {} }]',
      /^extensionProviders\[1\].name: extensionProviders\[0\] has this name/,
    ],
    [
      'two protocols',
      provider('opentelemetry: { service: a, port: 1, grpc: {}, http: { path: / } }'),
      /must not have both http and grpc/,
    ],
    [
      'every service',
      provider('opentelemetry: { service: "*.example", port: 1 }'),
      /service: must be the name of a/,
    ],
    [
      'a URL',
      provider('opentelemetry: { service: "http://a", port: 1 }'),
      /service: must be the name of a service/,
    ],
    [
      'a path with a space',
      provider('opentelemetry: { service: a, port: 1, http: { path: "/v1 /x" } }'),
      /must be a path/,
    ],
    [
      'a path with lines',
      provider('opentelemetry: { service: a, port: 1, http: { path: "/\\r\\nA: b" } }'),
      /must be a path/,
    ],
    ['a port', provider('opentelemetry: { service: a, port: 0 }'), /opentelemetry.port: /],
    [
      'a header from the environment',
      provider(
        'opentelemetry: { service: a, port: 1, http: { path: /, headers: [{ name: a, envName: B }] } }',
      ),
      /headers\[0\].envName: unknown/,
    ],
    [
      'a header that says how it travels',
      provider('opentelemetry: { service: a, port: 1, grpc: { initialMetadata: [{ name: TE, value: b }] } }'),
      /initialMetadata\[0\].name: is a header that exporters set/,
    ],
    [
      'a value with line breaks',
      provider(
        'opentelemetry: { service: a, port: 1, grpc: { initialMetadata: [{ name: a, value: "a\\nb" }] } }',
      ),
      /initialMetadata\[0\].value: must be printable/,
    ],
    [
      'a sampler of its own',
      provider('opentelemetry: { service: a, port: 1, dynatraceSampler: {} }'),
      /dynatraceSampler: unknown/,
    ],
    ['another file', provider('envoyFileAccessLog: { path: /tmp/log }'), /envoyFileAccessLog.path: /],
    [
      'two formats',
      provider("envoyFileAccessLog: { logFormat: { text: a, labels: { a: 'b' } } }"),
      /must not have both text and labels/,
    ],
    [
      'a format of lines',
      provider("envoyFileAccessLog: { logFormat: { text: '%X%' } }"),
      /logFormat.text: %X% is not supported/,
    ],
    [
      'a list among labels',
      provider("envoyFileAccessLog: { logFormat: { labels: { a: ['b'] } } }"),
      /logFormat.labels: a must be a text/,
    ],
  ])('%s', (_, text, expected) => {
    expect(mistakes(text).filter((mistake) => expected.test(mistake))).toHaveLength(1);
  });
});
