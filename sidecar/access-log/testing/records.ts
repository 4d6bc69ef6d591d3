/** A request and a connection of whom everything is known, for tests of what is said of them. */
import type { ConnectionRecord, Found, Octets, RequestRecord } from '#sidecar/telemetry/stream-record.ts';
import { fakeCluster, fakeEndpoint } from './upstreams.ts';

const STREAM = {
  reporter: 'source',
  startWallMs: Date.parse('2020-11-25T21:26:18.409Z'),
  durationMs: 3.9,
  flag: '-',
  reason: '',
  downstreamRemote: '10.44.1.23:37652',
  downstreamLocal: '10.0.45.184:8000',
  peer: undefined,
  cluster: fakeCluster,
  endpoint: fakeEndpoint,
  upstreamLocal: '10.44.1.23:37854',
  serverName: '',
} as const;

/** The request of Istio's page on access logs: `curl httpbin:8000/status/418`, as the client's sidecar tells it. */
export function requestRecord(
  changes: Partial<Omit<RequestRecord, 'requestHeader' | 'responseHeader'>> = {},
  requestHeaders: Readonly<Record<string, string>> = {
    'user-agent': 'curl/7.73.0-DEV',
    'x-request-id': '84961386-6d84-929d-98bd-c5aee93b5c88',
  },
  responseHeaders: Readonly<Record<string, string>> = {},
): RequestRecord {
  return {
    ...STREAM,
    kind: 'request',
    method: 'GET',
    scheme: 'http',
    authority: 'httpbin:8000',
    path: '/status/418',
    protocol: 'HTTP/1.1',
    requestHeader: (name) => requestHeaders[name],
    responseHeader: (name) => responseHeaders[name],
    findRequestHeader: (name, into) => foundIn(requestHeaders, name, into),
    findResponseHeader: (name, into) => foundIn(responseHeaders, name, into),
    findTraceId: () => 'in-words',
    status: 418,
    details: 'via_upstream',
    route: 'default',
    tries: 1,
    requestBodyBytes: 0,
    requestBytes: 150,
    responseBodyBytes: 135,
    responseBytes: 300,
    requestMs: 1.5,
    firstByteMs: 3.25,
    upstreamServiceMs: 4,
    traceId: '',
    spanId: '',
    sampled: false,
    ...changes,
  };
}

/** As it comes from a head: one character an octet. Of pseudo headers and of what no head can hold only the text is known. */
function foundIn(headers: Readonly<Record<string, string>>, name: string, into: Octets): Found {
  const value = headers[name];
  if (name.startsWith(':') || name === 'host' || /[\u0100-\uffff]/.test(value ?? '')) return 'in-words';
  if (value === undefined) return 'missing';
  into.bytes = Buffer.from(`--${value}--`, 'latin1');
  into.start = 2;
  into.end = 2 + value.length;
  return 'found';
}

export function connectionRecord(changes: Partial<ConnectionRecord> = {}): ConnectionRecord {
  return { ...STREAM, kind: 'connection', sentBytes: 10, receivedBytes: 20, ...changes };
}
