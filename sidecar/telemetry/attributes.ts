import type { AttributeLookup } from '#api/expressions/expression.ts';
import { portOf } from './host-and-port.ts';
import { flagBits } from './response-flag-words.ts';
import type { ConnectionRecord, RequestRecord } from './stream-record.ts';

type Record = RequestRecord | ConnectionRecord;

/** What expressions may ask of a request or of a connection: Envoy's attributes, by their dotted names. */
export function attributesOf(record: Record): AttributeLookup {
  return (name) => {
    const read = COMMON.get(name);
    if (read !== undefined) return read(record);
    return record.kind === 'request' ? requestAttribute(record, name) : CONNECTION.get(name)?.(record);
  };
}

const REQUEST_HEADERS = 'request.headers.';
const RESPONSE_HEADERS = 'response.headers.';

function requestAttribute(record: RequestRecord, name: string): unknown {
  const read = REQUEST.get(name);
  if (read !== undefined) return read(record);
  if (name.startsWith(REQUEST_HEADERS)) return requestHeader(record, name.slice(REQUEST_HEADERS.length));
  if (!name.startsWith(RESPONSE_HEADERS)) return undefined;
  const header = name.slice(RESPONSE_HEADERS.length);
  return header === ':status' ? String(record.status) : record.responseHeader(header);
}

/** Of the request's headers the one of that name, in lower case; pseudo headers too. */
export function requestHeader(record: RequestRecord, name: string): string | undefined {
  switch (name) {
    case ':method':
      return some(record.method);
    case ':path':
      return some(record.path);
    case ':authority':
    case 'host':
      return some(record.authority);
    case ':scheme':
      return record.scheme;
    default:
      return record.requestHeader(name);
  }
}

/** Before its first `?`. */
export function withoutQuery(path: string): string {
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
}

/** Of gRPC's status only a number is one. */
export function grpcStatusOf(record: RequestRecord): number | undefined {
  const text = record.responseHeader('grpc-status');
  return text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}

const COMMON = new Map<string, (record: Record) => unknown>([
  ['request.time', ({ startWallMs }) => startWallMs],
  ['request.duration', ({ durationMs }) => durationMs],
  ['response.flags', ({ flag }) => flagBits(flag)],
  ['source.address', ({ downstreamRemote }) => some(downstreamRemote)],
  ['source.port', ({ downstreamRemote }) => portOf(downstreamRemote)],
  ['destination.address', ({ downstreamLocal }) => some(downstreamLocal)],
  ['destination.port', ({ downstreamLocal }) => portOf(downstreamLocal)],
  ['connection.mtls', ({ reporter, peer }) => reporter === 'destination' && peer?.principal !== undefined],
  ['connection.requested_server_name', ({ serverName }) => some(serverName)],
  [
    'connection.uri_san_peer_certificate',
    ({ reporter, peer }) => (reporter === 'destination' ? peer?.principal : undefined),
  ],
  ['upstream.address', ({ endpoint }) => endpoint?.key],
  ['upstream.port', ({ endpoint }) => endpoint?.port],
  ['upstream.local_address', ({ upstreamLocal }) => some(upstreamLocal)],
  ['upstream.transport_failure_reason', ({ reason }) => some(reason)],
  ['xds.cluster_name', ({ cluster }) => cluster?.name],
  /** Envoy's TrafficDirection: 1 is inbound, 2 outbound. */
  ['xds.listener_direction', ({ reporter }) => (reporter === 'destination' ? 1 : 2)],
]);

const CONNECTION = new Map<string, (record: ConnectionRecord) => unknown>([
  ['request.size', ({ sentBytes }) => sentBytes],
  ['request.total_size', ({ sentBytes }) => sentBytes],
  ['response.size', ({ receivedBytes }) => receivedBytes],
  ['response.total_size', ({ receivedBytes }) => receivedBytes],
]);

const REQUEST = new Map<string, (record: RequestRecord) => unknown>([
  ['request.path', ({ path }) => some(path)],
  ['request.url_path', ({ path }) => some(withoutQuery(path))],
  ['request.query', ({ path }) => path.slice(withoutQuery(path).length + 1)],
  ['request.host', ({ authority }) => some(authority)],
  ['request.scheme', ({ scheme }) => scheme],
  ['request.method', ({ method }) => some(method)],
  ['request.referer', (record) => record.requestHeader('referer')],
  ['request.useragent', (record) => record.requestHeader('user-agent')],
  ['request.id', (record) => record.requestHeader('x-request-id')],
  ['request.protocol', ({ protocol }) => some(protocol)],
  ['request.size', ({ requestBodyBytes }) => requestBodyBytes],
  ['request.total_size', ({ requestBytes }) => requestBytes],
  ['response.code', ({ status }) => (status === 0 ? undefined : status)],
  ['response.code_details', ({ details }) => some(details)],
  ['response.grpc_status', grpcStatusOf],
  ['response.size', ({ responseBodyBytes }) => responseBodyBytes],
  ['response.total_size', ({ responseBytes }) => responseBytes],
  ['response.backend_latency', ({ upstreamServiceMs }) => upstreamServiceMs],
  ['upstream.request_attempt_count', ({ tries }) => tries],
  ['xds.route_name', ({ route }) => some(route)],
]);

/** What is empty is missing. */
function some(text: string): string | undefined {
  return text === '' ? undefined : text;
}
