/**
 * The command operators of access logs: Envoy's, under Envoy's names, as far as a sidecar can answer them, and one of
 * our own. Envoy 1.40 takes a format of all the others; REQ_WITHOUT_QUERY needs its extension there. https://www.envoyproxy.io/docs/envoy/latest/configuration/advanced/substitution_formatter
 */

/** What may stand in an operator's parentheses. */
export type OperatorArgument = 'none' | 'headers' | 'time' | 'duration';

const OPERATORS: Readonly<Record<string, OperatorArgument>> = {
  START_TIME: 'time',
  EMIT_TIME: 'time',
  REQ: 'headers',
  REQ_WITHOUT_QUERY: 'headers',
  RESP: 'headers',
  PROTOCOL: 'none',
  RESPONSE_CODE: 'none',
  RESPONSE_CODE_DETAILS: 'none',
  RESPONSE_FLAGS: 'none',
  RESPONSE_FLAGS_LONG: 'none',
  CONNECTION_TERMINATION_DETAILS: 'none',
  ROUTE_NAME: 'none',
  BYTES_RECEIVED: 'none',
  BYTES_SENT: 'none',
  DOWNSTREAM_WIRE_BYTES_RECEIVED: 'none',
  DOWNSTREAM_WIRE_BYTES_SENT: 'none',
  DURATION: 'none',
  REQUEST_DURATION: 'none',
  RESPONSE_DURATION: 'none',
  RESPONSE_TX_DURATION: 'none',
  COMMON_DURATION: 'duration',
  GRPC_STATUS: 'none',
  GRPC_STATUS_NUMBER: 'none',
  UPSTREAM_HOST: 'none',
  UPSTREAM_CLUSTER: 'none',
  UPSTREAM_CLUSTER_RAW: 'none',
  UPSTREAM_REMOTE_ADDRESS: 'none',
  UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: 'none',
  UPSTREAM_REMOTE_PORT: 'none',
  UPSTREAM_LOCAL_ADDRESS: 'none',
  UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: 'none',
  UPSTREAM_LOCAL_PORT: 'none',
  UPSTREAM_TRANSPORT_FAILURE_REASON: 'none',
  UPSTREAM_REQUEST_ATTEMPT_COUNT: 'none',
  DOWNSTREAM_REMOTE_ADDRESS: 'none',
  DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: 'none',
  DOWNSTREAM_REMOTE_PORT: 'none',
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS: 'none',
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT: 'none',
  DOWNSTREAM_DIRECT_REMOTE_PORT: 'none',
  DOWNSTREAM_LOCAL_ADDRESS: 'none',
  DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: 'none',
  DOWNSTREAM_LOCAL_PORT: 'none',
  DOWNSTREAM_PEER_URI_SAN: 'none',
  REQUESTED_SERVER_NAME: 'none',
  HOSTNAME: 'none',
  TRACE_ID: 'none',
  SPAN_ID: 'none',
  /** Ours: why it failed, in one sentence. */
  WEFT_REASON: 'none',
};

/** Undefined: there is no such operator, or sidecars do not know it. */
export function operatorArgument(name: string): OperatorArgument | undefined {
  return Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
}

/** Moments of `%COMMON_DURATION(FROM:TO:UNIT)%` that are known of a request. */
export const DURATION_POINTS: readonly string[] = [
  'DS_RX_BEG',
  'DS_RX_END',
  'US_RX_BEG',
  'DS_TX_BEG',
  'DS_TX_END',
];

export const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, us: 1e3, ns: 1e6 };
