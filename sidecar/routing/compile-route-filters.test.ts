import type { JsonObject } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import type { RouteDecision } from './route-table.ts';
import { decide, host, refusalsOf, request, tableOf } from './testing/tables.ts';

const FAULT = 'envoy.filters.http.fault';
const CORS = 'envoy.filters.http.cors';

const typed = (type: string, fields: JsonObject): JsonObject => ({
  '@type': `type.googleapis.com/${type}`,
  ...fields,
});
const fault = (fields: JsonObject): JsonObject =>
  typed('envoy.extensions.filters.http.fault.v3.HTTPFault', fields);
const cors = (fields: JsonObject): JsonObject =>
  typed('envoy.extensions.filters.http.cors.v3.CorsPolicy', fields);
const wrapper = (fields: JsonObject): JsonObject => typed('envoy.config.route.v3.FilterConfig', fields);
const filters = (configs: JsonObject): JsonObject => ({ typed_per_filter_config: configs });

const half = { percentage: { numerator: 50 } };
const all = { percentage: { numerator: 100 } };
const route = { cluster: 'a' };
const decideBy = (configs: JsonObject): RouteDecision => decide({ route, ...filters(configs) });

describe('fault', () => {
  const delay = { delay: { fixed_delay: '7s', ...half } };
  test.each<[JsonObject, object | undefined]>([
    [delay, { delay: { ms: 7000, share: 500_000 }, abort: undefined }],
    [{ abort: { http_status: 500, ...all } }, { delay: undefined, abort: { status: 500, share: 1_000_000 } }],
    [
      { ...delay, abort: { http_status: 418, percentage: { numerator: 7, denominator: 'TEN_THOUSAND' } } },
      { delay: { ms: 7000, share: 500_000 }, abort: { status: 418, share: 700 } },
    ],
    [
      { abort: { http_status: 418, percentage: { numerator: 7, denominator: 'MILLION' } } },
      { delay: undefined, abort: { status: 418, share: 7 } },
    ],
    [
      { abort: { http_status: 418, percentage: { numerator: 4_294_967_295 } } },
      { delay: undefined, abort: { status: 418, share: 1_000_000 } },
    ],
    [{ abort: { http_status: 500 } }, undefined],
    [{ delay: { fixed_delay: '1s', percentage: { numerator: 0 } } }, undefined],
    [{}, undefined],
  ])('%o', (fields, expected) => {
    expect(decideBy({ [FAULT]: fault(fields) })).toMatchObject({ fault: expected });
  });

  test.each<[JsonObject, string]>([
    [{ delay: { fixed_delay: '0s', ...all } }, 'delay.fixed_delay: must be above 0'],
    [{ delay: all }, 'delay.fixed_delay: is required'],
    [{ delay: { header_delay: {} } }, 'delay.header_delay: not supported'],
    [{ abort: all }, 'abort.http_status: is required'],
    [{ abort: { http_status: 100, ...all } }, 'abort.http_status: must be between 200 and 599'],
    [{ abort: { http_status: 600, ...all } }, 'abort.http_status: must be between 200 and 599'],
    [{ abort: { grpc_status: 14, ...all } }, 'abort.grpc_status: not supported'],
    [{ abort: { header_abort: {} } }, 'abort.header_abort: not supported'],
    [{ upstream_cluster: 'a' }, 'upstream_cluster: not supported'],
    [{ headers: [{ name: 'a' }] }, 'headers: not supported'],
    [{ max_active_faults: 1 }, 'max_active_faults: not supported'],
    [{ response_rate_limit: {} }, 'response_rate_limit: not supported'],
  ])('%o is refused', (fields, reason) => {
    expect(refusalsOf({ route, ...filters({ [FAULT]: fault(fields) }) })).toEqual([
      `typed_per_filter_config["${FAULT}"].${reason}`,
    ]);
  });
});

describe('CORS', () => {
  const policyOf = (fields: JsonObject) => {
    const decision = decideBy({ [CORS]: cors(fields) });
    return decision.kind === 'forward' ? decision.cors : undefined;
  };

  test('is said in full', () => {
    const fields = {
      allow_methods: 'GET,POST',
      allow_headers: 'x-a',
      expose_headers: 'x-b',
      max_age: '86400',
      allow_credentials: true,
      forward_not_matching_preflights: false,
      filter_enabled: { default_value: { numerator: 100 } },
    };
    expect(policyOf(fields)).toMatchObject({
      allowMethods: 'GET,POST',
      allowHeaders: 'x-a',
      exposeHeaders: 'x-b',
      maxAge: '86400',
      allowCredentials: true,
      forwardUnmatchedPreflights: false,
    });
  });

  test("has Envoy's defaults", () => {
    expect(policyOf({})).toMatchObject({
      allowMethods: '',
      maxAge: '',
      allowCredentials: false,
      forwardUnmatchedPreflights: true,
    });
  });

  test.each<[string, boolean]>([
    ['https://shop.test', true],
    ['https://a.shop.test', true],
    ['https://shop.test.evil', false],
    ['null', false],
  ])('origin %s: %s', (origin, allowed) => {
    const allow_origin_string_match = [
      { exact: 'https://shop.test' },
      { safe_regex: { regex: 'https://[a-z]+\\.shop\\.test' } },
    ];
    expect(policyOf({ allow_origin_string_match })?.allowsOrigin(origin)).toBe(allowed);
  });

  test('is off at 0 %', () => {
    expect(policyOf({ filter_enabled: { default_value: {} } })).toBeUndefined();
  });

  test.each<[JsonObject, string]>([
    [{ filter_enabled: { default_value: { numerator: 50 } } }, 'filter_enabled: must be 0 % or 100 %'],
    [{ shadow_enabled: { default_value: {} } }, 'shadow_enabled: not supported'],
    [{ allow_private_network_access: true }, 'allow_private_network_access: not supported'],
    [{ allow_methods: 'GET\r\n' }, 'allow_methods: must be printable ASCII'],
    [{ allow_origin_string_match: [{}] }, 'allow_origin_string_match[0]: no pattern is given'],
  ])('%o is refused', (fields, reason) => {
    expect(refusalsOf({ route, ...filters({ [CORS]: cors(fields) }) })).toEqual([
      `typed_per_filter_config["${CORS}"].${reason}`,
    ]);
  });
});

describe('levels', () => {
  const abort = (http_status: number): JsonObject => fault({ abort: { http_status, ...all } });
  const statusBy = (onTable: JsonObject, onHost: JsonObject, onRoute: JsonObject, onCluster: JsonObject) => {
    const clusters = [{ name: 'a', weight: 1, ...filters(onCluster) }];
    const only = { match: { prefix: '/' }, route: { weighted_clusters: { clusters } }, ...filters(onRoute) };
    const table = tableOf([{ ...host(['*'], only), ...filters(onHost) }], filters(onTable));
    const decision = table.select(request({}));
    return decision.kind === 'forward' ? decision.fault?.abort?.status : decision.kind;
  };
  const disabled = wrapper({ disabled: true });
  test.each<[string, JsonObject, JsonObject, JsonObject, JsonObject, number | undefined]>([
    ['the table', { [FAULT]: abort(501) }, {}, {}, {}, 501],
    ['the virtual host', { [FAULT]: abort(501) }, { [FAULT]: abort(502) }, {}, {}, 502],
    ['the route', {}, { [FAULT]: abort(502) }, { [FAULT]: abort(503) }, {}, 503],
    ['the weighted cluster', {}, {}, { [FAULT]: abort(503) }, { [FAULT]: abort(504) }, 504],
    ['a wrapper', {}, {}, { [FAULT]: wrapper({ config: abort(503) }) }, {}, 503],
    ['nobody, when it is switched off', {}, { [FAULT]: abort(502) }, { [FAULT]: disabled }, {}, undefined],
  ])('%s decides', (_name, onTable, onHost, onRoute, onCluster, status) => {
    expect(statusBy(onTable, onHost, onRoute, onCluster)).toBe(status);
  });
});

test('an unknown filter passes only when it is optional', () => {
  expect(refusalsOf({ route, ...filters({ x: wrapper({ is_optional: true }) }) })).toEqual([]);
  expect(refusalsOf({ route, ...filters({ x: wrapper({}) }) })).toEqual([
    'typed_per_filter_config["x"]: not supported',
  ]);
});

test.each<[string, JsonObject, string[]]>([
  [
    'a configuration of another filter',
    { route, ...filters({ [FAULT]: cors({}) }) },
    [
      `typed_per_filter_config["${FAULT}"]: type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy is not supported`,
    ],
  ],
  [
    'an empty wrapper',
    { route, ...filters({ [CORS]: wrapper({}) }) },
    [`typed_per_filter_config["${CORS}"].config: is required`],
  ],
  [
    'a fault before a redirect',
    { redirect: {}, ...filters({ [FAULT]: fault({ abort: { http_status: 500, ...all } }) }) },
    ['redirect: cannot have a fault'],
  ],
  [
    'CORS of a direct response',
    { direct_response: { status: 200 }, ...filters({ [CORS]: cors({}) }) },
    ['direct_response: cannot have a CORS policy'],
  ],
])('%s is refused', (_name, fields, reasons) => {
  expect(refusalsOf(fields)).toEqual(reasons);
});
