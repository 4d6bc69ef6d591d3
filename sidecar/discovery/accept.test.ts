import type { JsonObject } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#api/foundation/random.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '#api/xds/resource-types.ts';
import { acceptResource, type Resource } from './resource.ts';
import {
  assignment,
  cluster,
  httpManager,
  listener,
  overRds,
  socketAddress,
  TLS_INSPECTOR,
  tcpProxy,
} from './test-resources.ts';

const random = seededRandom(1);
const context = {
  clusters: { get: () => undefined },
  random,
  readFile: () => '',
};

function reasonsFor(type: Parameters<typeof acceptResource>[0], resource: Resource): readonly string[] {
  const accepted = acceptResource(type, resource, context);
  return accepted.ok ? [] : accepted.reasons;
}

const ewma = (value: JsonObject): JsonObject => ({
  load_balancing_policy: {
    policies: [
      {
        typed_extension_config: {
          name: 'envoy.load_balancing_policies.peak_ewma',
          typed_config: {
            '@type': 'type.googleapis.com/xds.type.v3.TypedStruct',
            type_url:
              'type.googleapis.com/envoy.extensions.load_balancing_policies.peak_ewma.v3alpha.PeakEwma',
            value,
          },
        },
      },
    ],
  },
});

describe('clusters', () => {
  test.each<[string, JsonObject, string[]]>([
    ['round robin', {}, []],
    ['least request', { lb_policy: 'LEAST_REQUEST' }, []],
    ['random', { lb_policy: 'RANDOM' }, []],
    ['peak-EWMA', ewma({ decay_time: '10s' }), []],
    [
      'peak-EWMA with a field of its own',
      ewma({ decay_time: 'soon', aggregation_interval: '1s' }),
      [
        'load_balancing_policy.peak_ewma.decay_time: must be a duration of at least 1ms, such as "10s"',
        'load_balancing_policy.peak_ewma.aggregation_interval: not supported',
      ],
    ],
    [
      'a policy list without a known one',
      { load_balancing_policy: { policies: [{ typed_extension_config: { name: 'x' } }] } },
      ['load_balancing_policy: none of these policies is supported: x'],
    ],
    [
      'endpoints from a file',
      { eds_cluster_config: { eds_config: { path: '/x' } } },
      ['eds_cluster_config.eds_config: path is not supported, only ads'],
    ],
  ])('%s', (_name, fields, reasons) => {
    expect([...reasonsFor(CLUSTER_TYPE, cluster('c', fields))].sort()).toEqual([...reasons].sort());
  });
});

describe('assignments', () => {
  test.each<[string, string[]]>([
    ['10.0.0.1:80', []],
    [
      'name.example:80',
      ['endpoints[0].lb_endpoints[0].endpoint.address.address: "name.example" is not an IP address'],
    ],
    [
      '10.0.0.256:80',
      ['endpoints[0].lb_endpoints[0].endpoint.address.address: "10.0.0.256" is not an IP address'],
    ],
    ['10.0.0.1:0', ['endpoints[0].lb_endpoints[0].endpoint.address.port_value: must be from 1 to 65535']],
    ['10.0.0.1:70000', ['endpoints[0].lb_endpoints[0].endpoint.address.port_value: must be from 1 to 65535']],
  ])('%s', (address, reasons) => {
    expect(reasonsFor(ENDPOINT_TYPE, assignment('a', [address]))).toEqual(reasons);
  });
});

const FILTERS = 'type.googleapis.com/envoy.extensions.filters.http';
const ROUTER: JsonObject = { name: 'router', typed_config: { '@type': `${FILTERS}.router.v3.Router` } };

function rateLimit(fields: JsonObject): JsonObject {
  const all = { default_value: { numerator: 100 } };
  return {
    name: 'local',
    typed_config: {
      '@type': `${FILTERS}.local_ratelimit.v3.LocalRateLimit`,
      stat_prefix: 'limit',
      filter_enabled: all,
      filter_enforced: all,
      token_bucket: { max_tokens: 10, tokens_per_fill: 10, fill_interval: '60s' },
      ...fields,
    },
  };
}

function adaptive(gradient: JsonObject | undefined, fields: JsonObject = {}): JsonObject {
  return {
    name: 'adaptive',
    typed_config: {
      '@type': `${FILTERS}.adaptive_concurrency.v3.AdaptiveConcurrency`,
      ...(gradient === undefined ? {} : { gradient_controller_config: gradient }),
      ...fields,
    },
  };
}

const GRADIENT: JsonObject = {
  concurrency_limit_params: { concurrency_update_interval: '0.1s' },
  min_rtt_calc_params: { interval: '60s' },
};

function withFilters(...filters: JsonObject[]): JsonObject {
  return httpManager({
    rds: { config_source: { ads: {} }, route_config_name: 'r' },
    http_filters: filters,
    use_remote_address: true,
  });
}

describe('listeners', () => {
  const at = { address: socketAddress('0.0.0.0', 80) };
  const chains = (...filters: JsonObject[]) => ({ ...at, filter_chains: [{ filters }] });
  const router = { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' };

  test.each<[string, JsonObject, string[]]>([
    ['HTTP over RDS', chains(overRds('80')), []],
    ['opaque', chains(tcpProxy('a')), []],
    ['no chain', at, ['filter_chains: there is no chain that can be run']],
    [
      'two filters',
      chains(tcpProxy('a'), tcpProxy('b')),
      ['filter_chains[0].filters: envoy.filters.network.tcp_proxy: a second filter is not supported'],
    ],
    [
      'an unknown network filter',
      chains({ name: 'x', typed_config: router }),
      [
        'filter_chains[0].filters[0]: network filter x (type.googleapis.com/envoy.extensions.filters.http.router.v3.Router) is not supported',
        'filter_chains: there is no chain that can be run',
      ],
    ],
    [
      'an unknown HTTP filter',
      chains(
        httpManager({
          rds: { config_source: { ads: {} }, route_config_name: 'r' },
          http_filters: [{ name: 'envoy.filters.http.lua' }],
        }),
      ),
      [
        'filter_chains[0].filters[0].http_filters: envoy.filters.http.lua (without configuration) is not supported',
      ],
    ],
    [
      'HTTP/2 only',
      chains(
        httpManager({ codec_type: 'HTTP2', rds: { config_source: { ads: {} }, route_config_name: 'r' } }),
      ),
      ['filter_chains[0].filters[0].codec_type: HTTP2 is not supported'],
    ],
    [
      'TLS',
      { ...at, filter_chains: [{ filters: [tcpProxy('a')], transport_socket: { name: 'tls' } }] },
      ['filter_chains[0].transport_socket: tls (without configuration) is not supported'],
    ],
    [
      'SNI without anybody who reads it',
      { ...at, filter_chains: [{ filter_chain_match: { server_names: ['x'] }, filters: [tcpProxy('a')] }] },
      [
        'filter_chains[0].filter_chain_match.server_names: can be seen by the tls_inspector listener filter only',
      ],
    ],
    [
      'SNI',
      {
        ...at,
        listener_filters: [TLS_INSPECTOR],
        filter_chains: [
          {
            filter_chain_match: { server_names: ['a.test', '*.b.test'], transport_protocol: 'tls' },
            filters: [tcpProxy('a')],
          },
        ],
      },
      [],
    ],
    [
      'a server name that is none',
      {
        ...at,
        listener_filters: [TLS_INSPECTOR],
        filter_chains: [{ filter_chain_match: { server_names: ['a.*'] }, filters: [tcpProxy('a')] }],
      },
      ['filter_chains[0].filter_chain_match.server_names: "a.*" is neither a host name nor "*." before one'],
    ],
    [
      'subnets',
      {
        ...at,
        filter_chains: [
          {
            filter_chain_match: { prefix_ranges: [{ address_prefix: '10.1.0.0', prefix_len: 16 }] },
            filters: [tcpProxy('a')],
          },
          { filters: [tcpProxy('b')] },
        ],
      },
      [],
    ],
    [
      'a subnet that is none, and where clients come from',
      {
        ...at,
        filter_chains: [
          {
            filter_chain_match: {
              prefix_ranges: [{ address_prefix: 'x' }],
              source_prefix_ranges: [{ address_prefix: '10.0.0.0', prefix_len: 8 }],
            },
            filters: [tcpProxy('a')],
          },
        ],
      },
      [
        'filter_chains[0].filter_chain_match.source_prefix_ranges: not supported',
        'filter_chains[0].filter_chain_match.prefix_ranges[0].address_prefix: "x" is not an IP address',
      ],
    ],
    [
      'several clusters',
      chains(
        tcpProxy('a', {
          weighted_clusters: {
            clusters: [
              { name: 'a', weight: 1 },
              { name: 'b', weight: 9 },
            ],
          },
          idle_timeout: '60s',
          max_downstream_connection_duration: '3600s',
          max_connect_attempts: 2,
        }),
      ),
      [],
    ],
    [
      'several clusters without weight, a hash and metadata',
      chains(
        tcpProxy('a', {
          weighted_clusters: { clusters: [{ name: 'a' }] },
          hash_policy: [{ source_ip: {} }],
          metadata_match: {},
        }),
      ),
      [
        'filter_chains[0].filters[0].metadata_match: not supported',
        'filter_chains[0].filters[0].hash_policy: not supported',
        'filter_chains[0].filters[0].weighted_clusters: the weights sum up to 0',
        'filter_chains: there is no chain that can be run',
      ],
    ],
    ['a rate limit in front of the router', chains(withFilters(rateLimit({}), ROUTER)), []],
    [
      'a rate limit by descriptors that is not enforced and fills too fast',
      chains(
        withFilters(
          rateLimit({
            descriptors: [{}],
            filter_enforced: { default_value: { numerator: 50 } },
            token_bucket: { max_tokens: 10, fill_interval: '0.001s' },
          }),
          ROUTER,
        ),
      ),
      [
        'filter_chains[0].filters[0].http_filters.local.descriptors: not supported',
        'filter_chains[0].filters[0].http_filters.local.filter_enforced: only 100 % is supported',
        'filter_chains[0].filters[0].http_filters.local.token_bucket.fill_interval: must be at least 50ms',
      ],
    ],
    [
      'limits in front of the router',
      chains(
        withFilters(
          rateLimit({}),
          adaptive(GRADIENT, { enabled: { default_value: true, runtime_key: 'x' } }),
          ROUTER,
        ),
      ),
      [],
    ],
    [
      'adaptive concurrency in front of a rate limit',
      chains(withFilters(adaptive(GRADIENT), rateLimit({}), ROUTER)),
      ['filter_chains[0].filters[0].http_filters: local_ratelimit must come before adaptive_concurrency'],
    ],
    [
      'adaptive concurrency twice',
      chains(withFilters(adaptive(GRADIENT), adaptive(GRADIENT), ROUTER)),
      ['filter_chains[0].filters[0].http_filters: only one filter of each kind of limit is supported'],
    ],
    [
      'adaptive concurrency without a controller, and a switch that says nothing',
      chains(withFilters(adaptive(undefined, { enabled: {} }), ROUTER)),
      [
        'filter_chains[0].filters[0].http_filters.adaptive.gradient_controller_config: is required',
        'filter_chains[0].filters[0].http_filters.adaptive.enabled.default_value: is required',
      ],
    ],
    [
      'adaptive concurrency without its intervals',
      chains(withFilters(adaptive({}), ROUTER)),
      [
        'filter_chains[0].filters[0].http_filters.adaptive.gradient_controller_config.concurrency_limit_params.concurrency_update_interval: is required',
        'filter_chains[0].filters[0].http_filters.adaptive.gradient_controller_config.min_rtt_calc_params.interval: is required',
      ],
    ],
    [
      'adaptive concurrency with values that cannot be',
      chains(
        withFilters(
          adaptive({
            sample_aggregate_percentile: { value: 101 },
            concurrency_limit_params: { concurrency_update_interval: '0s', max_concurrency_limit: 2 },
            min_rtt_calc_params: {
              interval: '60s',
              request_count: 5000,
              jitter: { value: -1 },
              min_concurrency: 0,
              buffer: { value: 200 },
            },
          }),
          ROUTER,
        ),
      ),
      [
        'concurrency_limit_params.concurrency_update_interval: must be at least 1ms',
        'min_rtt_calc_params.request_count: must be at most 4096',
        'min_rtt_calc_params.jitter: must be from 0 to 100',
        'min_rtt_calc_params.min_concurrency: must be at least 1',
        'min_rtt_calc_params.buffer: must be from 0 to 100',
        'sample_aggregate_percentile: must be from 0 to 100',
      ].map(
        (reason) => `filter_chains[0].filters[0].http_filters.adaptive.gradient_controller_config.${reason}`,
      ),
    ],
    [
      'filters behind the router',
      chains(withFilters(ROUTER, rateLimit({}))),
      [
        'filter_chains[0].filters[0].http_filters: nothing may follow the router',
        'filter_chains[0].filters[0].http_filters: the router must be the last filter',
      ],
    ],
    [
      "one of the sidecar's own ports",
      { ...chains(tcpProxy('a')), address: socketAddress('0.0.0.0', 15006) },
      ["address.port_value: 15006 is the sidecar's own port"],
    ],
    [
      'an unknown listener filter',
      { ...chains(tcpProxy('a')), listener_filters: [{ name: 'proxy_protocol' }] },
      ['listener_filters[0]: proxy_protocol (without configuration) is not supported'],
    ],
    [
      'chains that cannot be told apart',
      { ...at, filter_chains: [{ filters: [tcpProxy('a')] }, { filters: [tcpProxy('b')] }] },
      ['filter_chains: chains that cannot be told apart'],
    ],
  ])('%s', (_name, fields, reasons) => {
    expect(reasonsFor(LISTENER_TYPE, listener('l', fields))).toEqual(reasons);
  });
});
