import { FakeCluster, FakeEndpoint } from '#sidecar/http/testing/fakes.ts';
import type { RequestRecord } from '#sidecar/telemetry/stream-record.ts';

export const ENDPOINT = new FakeEndpoint(9080, '10.1.2.3');
export const CLUSTER = new FakeCluster(ENDPOINT);

/** A request that went well, but for `changes`. */
export function recordOf(
  changes: Partial<RequestRecord> = {},
  headers: Readonly<Record<string, string>> = {},
): RequestRecord {
  return {
    kind: 'request',
    reporter: 'source',
    startWallMs: 0,
    durationMs: 12,
    flag: '-',
    reason: '',
    downstreamRemote: '10.0.0.7:41000',
    downstreamLocal: '10.96.0.10:80',
    peer: undefined,
    cluster: CLUSTER,
    endpoint: ENDPOINT,
    upstreamLocal: '10.0.0.7:51000',
    serverName: '',
    method: 'GET',
    scheme: 'http',
    authority: 'app.test:8080',
    path: '/x',
    protocol: 'HTTP/1.1',
    requestHeader: (name) => headers[name],
    responseHeader: () => undefined,
    findRequestHeader: () => 'in-words',
    findResponseHeader: () => 'in-words',
    findTraceId: () => 'in-words',
    status: 200,
    details: 'via_upstream',
    route: 'default',
    tries: 1,
    requestBodyBytes: 4,
    requestBytes: 104,
    responseBodyBytes: 5,
    responseBytes: 105,
    requestMs: 1,
    firstByteMs: 2,
    upstreamServiceMs: 2,
    traceId: '',
    spanId: '',
    sampled: true,
    ...changes,
  };
}
