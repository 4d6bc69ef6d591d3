import type { Cluster } from '#sidecar/upstream/cluster.ts';
import type { Endpoint } from '#sidecar/upstream/endpoint.ts';

/** Only what is told of them. */
export const fakeCluster = { name: 'outbound|8000||httpbin.foo.svc.cluster.local' } as Cluster;
export const fakeEndpoint = { key: '10.44.1.27:80', address: '10.44.1.27', port: 80 } as Endpoint;
