/**
 * The values of Istio's labels in each situation, as the stats filter of its proxies has them (Envoy's
 * contrib/istio/filters/http/istio_stats): what a proxy falls back on where it does not know better.
 */
import { describe, expect, test } from 'vitest';
import type { ServiceIdentity } from '#sidecar/upstream/cluster.ts';
import { BUCKET_BOUNDS } from './histogram.ts';
import { peerLabels } from './labels.ts';
import { REQUEST_METRICS, TCP_METRICS } from './standard.ts';
import type { Peer, Reporter } from './telemetry.ts';
import { workloadOf } from './workload-labels.ts';

const WEB = workloadOf(
  { workload: 'web-v1', namespace: 'shop', cluster: 'weft' },
  { app: 'web', version: 'v1', 'service.istio.io/canonical-name': 'storefront' },
);
const BARE = workloadOf({ workload: 'cron', namespace: 'jobs', cluster: 'weft' }, {});
const ENDPOINT: Peer = {
  workload: 'reviews-v2',
  namespace: 'other',
  canonicalName: 'reviews',
  canonicalRevision: 'v2',
  cluster: 'weft',
};
const REVIEWS = { host: 'reviews.shop.svc.cluster.local', name: 'reviews', namespace: 'shop' };
const nameless = (name: string): ServiceIdentity => ({ host: 'unknown', name, namespace: 'unknown' });

const UNKNOWN_DESTINATION = {
  destination_workload: 'unknown',
  destination_workload_namespace: 'unknown',
  destination_canonical_service: 'unknown',
  destination_canonical_revision: 'latest',
  destination_app: 'unknown',
  destination_version: 'unknown',
  destination_cluster: 'unknown',
  destination_principal: 'unknown',
};

test.each<[string, Reporter, Peer | undefined, Peer | undefined, ServiceIdentity, Record<string, string>]>([
  [
    'a caller, to an endpoint of a service',
    'source',
    WEB,
    ENDPOINT,
    REVIEWS,
    {
      reporter: 'source',
      source_workload: 'web-v1',
      source_app: 'web',
      source_canonical_service: 'storefront',
      source_canonical_revision: 'v1',
      destination_workload: 'reviews-v2',
      destination_workload_namespace: 'other',
      destination_service: 'reviews.shop.svc.cluster.local',
      destination_service_name: 'reviews',
      destination_service_namespace: 'shop',
      connection_security_policy: 'unknown',
    },
  ],
  [
    'a caller, when no endpoint was chosen',
    'source',
    WEB,
    undefined,
    REVIEWS,
    { ...UNKNOWN_DESTINATION, destination_service_name: 'reviews', destination_service_namespace: 'shop' },
  ],
  [
    'a caller, to a service that nobody named',
    'source',
    WEB,
    ENDPOINT,
    nameless('web'),
    {
      destination_service: 'unknown',
      destination_service_name: 'web',
      destination_service_namespace: 'other',
    },
  ],
  ...['PassthroughCluster', 'BlackHoleCluster'].map(
    (name) =>
      [
        `a caller, by way of ${name}`,
        'source',
        WEB,
        undefined,
        nameless(name),
        {
          ...UNKNOWN_DESTINATION,
          destination_service: 'unknown',
          destination_service_name: name,
          destination_service_namespace: 'unknown',
        },
      ] as [string, Reporter, Peer, undefined, ServiceIdentity, Record<string, string>],
  ),
  [
    'a caller without labels',
    'source',
    BARE,
    undefined,
    REVIEWS,
    {
      source_workload: 'cron',
      source_app: 'cron',
      source_canonical_service: 'cron',
      source_canonical_revision: 'latest',
      source_version: 'latest',
    },
  ],
  [
    'a callee, of a caller that says who it is',
    'destination',
    ENDPOINT,
    WEB,
    REVIEWS,
    {
      reporter: 'destination',
      source_workload: 'reviews-v2',
      source_workload_namespace: 'other',
      destination_workload: 'web-v1',
      destination_service_namespace: 'shop',
      connection_security_policy: 'none',
    },
  ],
  [
    'a callee, of nobody that it knows',
    'destination',
    undefined,
    WEB,
    REVIEWS,
    {
      source_workload: 'unknown',
      source_workload_namespace: 'unknown',
      source_canonical_service: 'unknown',
      source_canonical_revision: 'latest',
      source_app: 'unknown',
      source_version: 'unknown',
      source_cluster: 'unknown',
      source_principal: 'unknown',
    },
  ],
  [
    'a callee, at a port of no service',
    'destination',
    undefined,
    WEB,
    nameless('InboundPassthroughCluster'),
    {
      destination_service: 'storefront',
      destination_service_name: 'InboundPassthroughCluster',
      destination_service_namespace: 'shop',
    },
  ],
  [
    'a callee, when no cluster was found',
    'destination',
    undefined,
    WEB,
    nameless('unknown'),
    { destination_service: 'storefront', destination_service_name: 'storefront' },
  ],
  [
    'a callee, of a caller with a certificate',
    'destination',
    { ...ENDPOINT, principal: 'spiffe://cluster.local/ns/proven/sa/default' },
    WEB,
    REVIEWS,
    {
      source_principal: 'spiffe://cluster.local/ns/proven/sa/default',
      source_workload_namespace: 'proven',
      connection_security_policy: 'mutual_tls',
    },
  ],
])('as %s reports', (_name, reporter, source, destination, service, expected) => {
  expect(peerLabels(reporter, source, destination, service, 'http')).toMatchObject(expected);
});

describe('labels', () => {
  test.each(['http', 'tcp'] as const)('are those that are described, in that order, of %s', (protocol) => {
    const described = protocol === 'http' ? REQUEST_METRICS.requests_total : TCP_METRICS.tcp_sent_bytes_total;
    const written = [
      ...Object.keys(peerLabels('source', WEB, ENDPOINT, REVIEWS, protocol)),
      ...(protocol === 'http' ? ['response_code', 'grpc_response_status'] : []),
      'response_flags',
    ];
    expect(written).toEqual(described.labels);
    expect(peerLabels('source', WEB, ENDPOINT, REVIEWS, protocol)['request_protocol']).toBe(protocol);
  });
});

test("buckets are Envoy's default ones, written as it writes them", () => {
  expect(BUCKET_BOUNDS.map(String)).toEqual(
    '0.5 1 5 10 25 50 100 250 500 1000 2500 5000 10000 30000 60000 300000 600000 1800000 3600000'.split(' '),
  );
});
