import type { AccessLog } from '#api/xds/gen/envoy/config/accesslog/v3/accesslog_pb.js';
import type { AccessLogSpec } from '#sidecar/access-log/access-log-spec.ts';
import type { Place } from './refusals.ts';

/** The access logs of a connection manager or a TCP proxy. */
export function acceptAccessLogs(logs: readonly AccessLog[], place: Place): AccessLogSpec[] {
  for (const log of logs) place.refuse(`access log ${log.name} is not supported`);
  return [];
}
