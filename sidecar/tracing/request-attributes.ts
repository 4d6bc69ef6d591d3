/**
 * What a request's span says: OpenTelemetry's HTTP conventions (semantic conventions 1.45), and beside them Envoy's tags, by
 * which existing dashboards and Kiali find spans: texts, numbers included. Istio's (`istio.canonical_service`, …) come as custom
 * tags from the control plane, as they do to Envoy.
 */
import type { RequestRecord } from '#sidecar/telemetry/stream-record.ts';
import { bounded, owned } from './bounded.ts';
import { methodAttributes } from './method-names.ts';
import type { ProxyIdentity } from './proxy-identity.ts';
import { hostAndPort, targetParts, wholeTarget } from './urls.ts';

type Writable = Record<string, string | number>;

const DEFAULT_PORT = { http: 80, https: 443 } as const;
/** Addresses: IPv6 with a zone. */
const MAX_ADDRESS_LENGTH = 64;

export function requestAttributes(
  record: RequestRecord,
  proxy: ProxyIdentity,
  maxPathLength: number,
  failed: boolean,
): Writable {
  const attributes: Writable = methodAttributes(record.method);
  const { status, protocol } = record;
  const { host, port } = hostAndPort(record.authority);
  if (host !== '') {
    attributes['server.address'] = host;
    attributes['server.port'] = port ?? DEFAULT_PORT[record.scheme];
  }
  if (protocol !== '') attributes['network.protocol.version'] = protocol.slice('HTTP/'.length);
  if (status > 0) attributes['http.response.status_code'] = status;
  attributes['http.request.body.size'] = record.requestBodyBytes;
  attributes['http.response.body.size'] = record.responseBodyBytes;
  if (failed) attributes['error.type'] = errorType(status, record.flag);
  const agent = record.requestHeader('user-agent');
  if (agent !== undefined) attributes['user_agent.original'] = bounded(agent);
  addTarget(record, maxPathLength, attributes);
  addPeer(record, attributes);
  addEnvoysTags(record, proxy, agent, failed, attributes);
  return attributes;
}

/** OpenTelemetry: the status where it is the error, and else one of few words. Here they are Envoy's response flags. */
export function errorType(status: number, flag: string): string {
  return status >= 400 ? String(status) : flag;
}

function addTarget(record: RequestRecord, maxPathLength: number, attributes: Writable): void {
  const parts = targetParts(record.path, maxPathLength);
  const url = `${record.scheme}://${bounded(record.authority)}${wholeTarget(parts, maxPathLength)}`;
  if (record.reporter === 'source') attributes['url.full'] = url;
  attributes['url.scheme'] = record.scheme;
  attributes['url.path'] = parts.path;
  if (parts.query !== undefined && parts.query !== '') attributes['url.query'] = parts.query;
  attributes['http.url'] = url;
}

function addPeer(record: RequestRecord, attributes: Writable): void {
  const { reporter, endpoint } = record;
  const remote = reporter === 'source' ? (endpoint?.key ?? '') : record.downstreamRemote;
  const { host, port } = hostAndPort(remote);
  if (host !== '') {
    attributes['network.peer.address'] = host;
    if (port !== undefined) attributes['network.peer.port'] = port;
  }
  if (reporter === 'source') return;
  const forwarded = record.requestHeader('x-forwarded-for')?.split(',', 1)[0]?.trim() ?? '';
  const client = forwarded === '' ? host : forwarded;
  if (client !== '') attributes['client.address'] = owned(client.slice(0, MAX_ADDRESS_LENGTH));
}

/** What `Tracing::HttpTracerUtility` sets on the spans of a connection manager. */
function addEnvoysTags(
  record: RequestRecord,
  proxy: ProxyIdentity,
  agent: string | undefined,
  failed: boolean,
  attributes: Writable,
): void {
  const requestId = record.requestHeader('x-request-id');
  if (requestId !== undefined) attributes['guid:x-request-id'] = bounded(requestId);
  const clientTraceId = record.requestHeader('x-client-trace-id');
  if (clientTraceId !== undefined) attributes['guid:x-client-trace-id'] = bounded(clientTraceId);
  attributes['component'] = 'proxy';
  attributes['node_id'] = proxy.nodeId;
  attributes['http.method'] = bounded(record.method, MAX_ADDRESS_LENGTH);
  attributes['http.protocol'] = record.protocol;
  attributes['http.status_code'] = String(record.status);
  attributes['user_agent'] = agent === undefined ? '-' : bounded(agent);
  const caller = record.requestHeader('x-envoy-downstream-service-cluster');
  attributes['downstream_cluster'] = caller === undefined ? '-' : bounded(caller);
  attributes['peer.address'] = hostAndPort(record.downstreamRemote).host;
  attributes['request_size'] = String(record.requestBodyBytes);
  attributes['response_size'] = String(record.responseBodyBytes);
  attributes['response_flags'] = record.flag;
  if (failed) attributes['error'] = 'true';
  if (record.cluster === undefined) return;
  attributes['upstream_cluster'] = record.cluster.name;
  attributes['upstream_cluster.name'] = record.cluster.name;
  if (record.endpoint !== undefined) attributes['upstream_address'] = record.endpoint.key;
}
