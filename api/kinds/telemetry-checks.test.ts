import { describe, expect, test } from 'vitest';
import { Telemetry } from './telemetry.ts';
import { validate } from './validate.ts';

const mistakes = (spec: unknown) => {
  const verdict = validate(Telemetry, {
    apiVersion: 'telemetry.istio.io/v1',
    kind: 'Telemetry',
    metadata: { name: 'a', namespace: 'default' },
    spec,
  });
  return verdict.ok ? [] : verdict.mistakes.map(({ path, message }) => `${path}: ${message}`);
};

const tagsOf = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, { literal: { value: 'x' } }]));

describe('what is accepted', () => {
  test.each<[string, unknown]>([
    ['nothing at all', {}],
    ['a selector', { selector: { matchLabels: { app: 'a' } } }],
    [
      'all of tracing',
      {
        tracing: [
          {
            match: { mode: 'CLIENT' },
            providers: [{ name: 'otel' }],
            randomSamplingPercentage: 12.5,
            disableSpanReporting: false,
            enableIstioTags: false,
            useRequestIdForTraceSampling: false,
            customTags: {
              a: { literal: { value: 'x' } },
              b: { header: { name: 'X-User', defaultValue: '-' } },
              c: { environment: { name: 'POD' } },
            },
          },
        ],
      },
    ],
    [
      'all of metrics',
      {
        metrics: [
          {
            providers: [{ name: 'prometheus' }],
            reportingInterval: '5s',
            overrides: [
              { disabled: true },
              { match: { metric: 'REQUEST_COUNT', mode: 'SERVER' }, disabled: false },
              {
                match: { customMetric: 'request_bytes' },
                tagOverrides: { request_host: { value: 'request.host' }, a: { operation: 'REMOVE' } },
              },
            ],
          },
        ],
      },
    ],
    [
      'all of access logging',
      {
        accessLogging: [
          {
            match: { mode: 'CLIENT_AND_SERVER' },
            providers: [{ name: 'envoy' }],
            disabled: false,
            filter: { expression: 'response.code >= 400 || connection.mtls' },
          },
        ],
      },
    ],
  ])('%s', (_, spec) => expect(mistakes(spec)).toEqual([]));
});

const override = (each: unknown) => ({ metrics: [{ overrides: [each] }] });
const tag = (each: unknown) => ({ tracing: [{ customTags: { t: each } }] });

describe('what is refused, and where', () => {
  test.each<[string, unknown, string | RegExp]>([
    ['targetRefs', { targetRefs: [] }, 'spec.targetRefs: unknown or unsupported field'],
    ['targetRef', { targetRef: {} }, 'spec.targetRef: unknown or unsupported field'],
    [
      'a wildcard in a selector',
      { selector: { matchLabels: { app: 'a*' } } },
      'spec.selector.matchLabels[app]: wildcards are not supported',
    ],
    [
      'a provider without a name',
      { accessLogging: [{ providers: [{ name: '' }] }] },
      'spec.accessLogging[0].providers[0].name: must not be empty',
    ],
    ['more than all', { tracing: [{ randomSamplingPercentage: 101 }] }, /randomSamplingPercentage/],
    [
      'sampling by x-request-id',
      { tracing: [{ useRequestIdForTraceSampling: true }] },
      /useRequestIdForTraceSampling: must be false/,
    ],
    ['a tag made of nothing', tag({}), /customTags\[t\]: must be exactly one/],
    [
      'a tag made of two things',
      tag({ literal: { value: 'a' }, header: { name: 'b' } }),
      /customTags\[t\]: must be exactly one/,
    ],
    ['a tag made of a command', tag({ formatter: { value: '%PATH%' } }), /customTags\.t\.formatter: unknown/],
    ['an empty literal', tag({ literal: { value: '' } }), /literal\.value: must not be empty/],
    ['no header name', tag({ header: { name: 'a b' } }), /header\.name: must be the name of a header/],
    ['no variable', tag({ environment: { name: '' } }), /environment\.name: must not be empty/],
    ['a metric that is not there', override({ match: { metric: 'GRPC_REQUEST_MESSAGES' } }), /match\.metric/],
    ['a metric by a wrong name', override({ match: { customMetric: 'mine' } }), /is none of requests_total/],
    [
      'two metrics in one match',
      override({ match: { metric: 'REQUEST_COUNT', customMetric: 'requests_total' } }),
      /only one may be said/,
    ],
    ['a tag without a value', override({ tagOverrides: { a: {} } }), /\[a\]\.value: must be set with UPSERT/],
    [
      'a value of what is removed',
      override({ tagOverrides: { a: { operation: 'REMOVE', value: '1' } } }),
      /\[a\]\.value: may only be set with UPSERT/,
    ],
    ["Prometheus' own tag", override({ tagOverrides: { le: { value: '1' } } }), /is no name that a tag/],
    [
      'a tag that is no expression',
      override({ tagOverrides: { a: { value: 'request.host +' } } }),
      /^spec\.metrics\[0\]\.overrides\[0\]\.tagOverrides\[a\]\.value: ./,
    ],
    [
      'a filter that is no expression',
      { accessLogging: [{ filter: { expression: 'response.code >=' } }] },
      /^spec\.accessLogging\[0\]\.filter\.expression: ./,
    ],
    [
      'a filter that is never true',
      { accessLogging: [{ filter: { expression: 'response.code' } }] },
      /filter\.expression: is a int; only a bool can be true/,
    ],
    [
      'tags of spans without end',
      { tracing: [{ customTags: tagsOf(65) }] },
      /customTags: has 65 tags; at most 64/,
    ],
    [
      'a text without end',
      tag({ literal: { value: 'x'.repeat(1025) } }),
      /literal\.value: has more than 1024 char/,
    ],
    ['no interval', { metrics: [{ reportingInterval: 'soon' }] }, /reportingInterval: must be a duration/],
  ])('%s', (_, spec, expected) => {
    const found = mistakes(spec);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });
});
