import { describe, expect, test } from 'vitest';
import { printConfig } from './config-tables.ts';
import { statusRows } from './status-table.ts';

const config = (type: string, more: object): object => ({
  '@type': `type.googleapis.com/envoy.admin.v3.${type}`,
  ...more,
});
const route = (match: object, action: object): object => ({ match, route: action });
const DUMP = {
  configs: [
    config('ClustersConfigDump', {
      dynamic_active_clusters: [{ cluster: { name: 'outbound|9080|v1|reviews.default.svc.cluster.local' } }],
    }),
    config('ListenersConfigDump', {
      dynamic_listeners: [
        {
          active_state: {
            listener: {
              name: '0.0.0.0_9080',
              address: { socket_address: { address: '0.0.0.0', port_value: 9080 } },
              filter_chains: [
                { filters: [{ name: 'hcm', typed_config: { rds: { route_config_name: '9080' } } }] },
              ],
              default_filter_chain: {
                filters: [{ name: 'tcp', typed_config: { cluster: 'PassthroughCluster' } }],
              },
            },
          },
        },
      ],
    }),
    config('RoutesConfigDump', {
      dynamic_route_configs: [
        {
          route_config: {
            name: '9080',
            virtual_hosts: [
              {
                name: 'reviews.default.svc.cluster.local:9080',
                routes: [
                  route(
                    { prefix: '/', headers: [{ name: 'end-user', string_match: { exact: 'jason' } }] },
                    { cluster: 'outbound|9080|v2|reviews.default.svc.cluster.local', timeout: '0.500s' },
                  ),
                  route(
                    { safe_regex: { regex: '/a.*' } },
                    {
                      weighted_clusters: {
                        clusters: [
                          { name: 'outbound|9080|v1|r.d.svc', weight: 90 },
                          { name: 'outbound|9080|v2|r.d.svc', weight: 10 },
                        ],
                      },
                      timeout: '0s',
                    },
                  ),
                ],
              },
            ],
          },
        },
      ],
    }),
    {
      '@type': 'weft.LiveClusters',
      clusters: [
        {
          name: 'outbound|9080|v1|reviews.default.svc.cluster.local',
          policy: 'peak-ewma',
          endpoints: [
            {
              address: '10.0.0.1:9080',
              workload: 'reviews-v1',
              active: 2,
              latency_ms: 1.25,
              failure_share: 0.5,
            },
            { address: '10.0.0.2:9080', health_flags: '/failed_outlier_check' },
            { address: '10.0.0.3:9080', health_flags: '/failed_outlier_check/on_trial' },
          ],
        },
      ],
    },
  ],
};

describe('what a sidecar runs', () => {
  test.each([
    ['listeners', [/0\.0\.0\.0_9080 +0\.0\.0\.0 +9080 +ALL +Route: 9080/, /Cluster: PassthroughCluster/]],
    [
      'routes',
      [
        /\/\* end-user=jason +reviews\.default\.svc\.cluster\.local v2 +0\.500s/,
        /~\/a\.\* +r\.d\.svc v1 90%, r\.d\.svc v2 10% +-/,
      ],
    ],
    ['clusters', [/reviews\.default\.svc\.cluster\.local +9080 +v1 +outbound +peak-ewma +3/]],
    [
      'endpoints',
      [
        /10\.0\.0\.1:9080 +reviews-v1 .* OK +1\.3ms +50% +2/,
        /10\.0\.0\.2:9080 .* FAILED +0\.0ms/,
        /10\.0\.0\.3:9080 .* TRIAL +0\.0ms/,
      ],
    ],
  ] as const)('as a table of %s', (section, lines) => {
    for (const line of lines) expect(printConfig(DUMP, section, undefined)).toMatch(line);
  });

  test('all of it, when no part is named', () => {
    expect(printConfig(DUMP, undefined, undefined)).toMatch(
      /^LISTENERS\n[\s\S]*\nROUTES\n[\s\S]*\nCLUSTERS\n[\s\S]*\nENDPOINTS\n/,
    );
  });

  test('as the sidecar said it', () => {
    expect(JSON.parse(printConfig(DUMP, undefined, 'json'))).toEqual(DUMP);
    expect(JSON.parse(printConfig(DUMP, 'clusters', 'json'))).toEqual(DUMP.configs[0]);
  });
});

describe('the status of sidecars', () => {
  const types = (cds: object) => ({
    cds: { lag: 0, refused: [], ...cds },
    lds: { sent: 3, acked: 3, lag: 0, refused: [] },
  });
  test.each([
    ['that run what was sent', { sent: 3, acked: 3 }, 'SYNCED'],
    ['that are behind', { sent: 3, acked: 1, lag: 2 }, 'STALE (2)'],
    ['that got nothing', {}, 'NOT SENT'],
    ['that refused', { sent: 3, acked: 3, refused: ['a'], lastNack: 'because' }, 'REFUSED (1)'],
  ])('%s', (_name, cds, cell) => {
    const proxy = { proxy: 'a.default', kind: 'sidecar', connectedSince: '', types: types(cds) };
    const { rows, refusals } = statusRows([proxy as never], 0);
    expect(rows[0]?.slice(0, 4)).toEqual(['a.default', 'sidecar', cell, 'SYNCED']);
    expect(refusals).toEqual(cell.startsWith('REFUSED') ? ['a.default refused CDS a: because'] : []);
  });
});
