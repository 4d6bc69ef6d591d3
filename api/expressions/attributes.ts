/**
 * What expressions may name: Envoy's attributes, each with its type. Types are known before anything runs, so that an
 * expression that could never be evaluated is refused where it is written; Envoy would find out at every request.
 */
export type AttributeType = 'bool' | 'int' | 'string' | 'duration' | 'timestamp' | 'headers';

const ATTRIBUTES: Readonly<Record<string, AttributeType>> = {
  'request.path': 'string',
  'request.url_path': 'string',
  'request.query': 'string',
  'request.host': 'string',
  'request.scheme': 'string',
  'request.method': 'string',
  'request.headers': 'headers',
  'request.referer': 'string',
  'request.useragent': 'string',
  'request.time': 'timestamp',
  'request.id': 'string',
  'request.protocol': 'string',
  'request.duration': 'duration',
  'request.size': 'int',
  'request.total_size': 'int',
  'response.code': 'int',
  'response.code_details': 'string',
  'response.flags': 'int',
  'response.grpc_status': 'int',
  'response.headers': 'headers',
  'response.size': 'int',
  'response.total_size': 'int',
  'response.backend_latency': 'duration',
  'source.address': 'string',
  'source.port': 'int',
  'destination.address': 'string',
  'destination.port': 'int',
  'connection.mtls': 'bool',
  'connection.requested_server_name': 'string',
  'connection.termination_details': 'string',
  'connection.uri_san_peer_certificate': 'string',
  'upstream.address': 'string',
  'upstream.port': 'int',
  'upstream.local_address': 'string',
  'upstream.transport_failure_reason': 'string',
  'upstream.request_attempt_count': 'int',
  'xds.cluster_name': 'string',
  'xds.route_name': 'string',
  'xds.listener_direction': 'int',
};

/** Undefined: there is no such attribute, or a sidecar does not know it. */
export function attributeType(name: string): AttributeType | undefined {
  return Object.hasOwn(ATTRIBUTES, name) ? ATTRIBUTES[name] : undefined;
}

/** Every name that an expression may use. */
export const ATTRIBUTE_NAMES: readonly string[] = Object.keys(ATTRIBUTES);

/** Attributes that begin with a name: `request` has `request.path`, … */
export function attributesUnder(name: string): string[] {
  return ATTRIBUTE_NAMES.filter((each) => each.startsWith(`${name}.`));
}
