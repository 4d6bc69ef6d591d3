/** What a connection manager, and the buffer filter before its router, allow each connection. */
import type { Duration } from '@bufbuild/protobuf/wkt';
import {
  type HttpProtocolOptions as CommonOptions,
  HttpProtocolOptionsSchema as CommonOptionsSchema,
} from '#api/xds/gen/envoy/config/core/v3/protocol_pb.js';
import type { HttpConnectionManager } from '#api/xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { HIGHEST_HEAD_BYTES, HIGHEST_HEAD_LINES } from '#sidecar/http/limits.ts';
import { ENVOY_LIMITS, type ServerLimits, sameAsMesh } from '#sidecar/http/server-limits.ts';
import { acceptDuration } from './durations.ts';
import type { Place } from './refusals.ts';

/** The manager's fields that are read here. */
export const LIMIT_FIELDS = [
  'common_http_protocol_options',
  'max_request_headers_kb',
  'request_headers_timeout',
  'request_timeout',
  'stream_idle_timeout',
] as const;

const COMMON_FIELDS = new Set([
  'idle_timeout',
  'max_connection_duration',
  'max_headers_count',
  'max_requests_per_connection',
  'max_stream_duration',
]);

export function acceptServerLimits(
  manager: HttpConnectionManager,
  maxBodyBytes: number,
  place: Place,
): ServerLimits {
  const { maxRequestHeadersKb, requestHeadersTimeout, requestTimeout, streamIdleTimeout } = manager;
  const envoy = ENVOY_LIMITS;
  const kb = maxRequestHeadersKb ?? envoy.maxHeadBytes / 1024;
  return sameAsMesh({
    ...acceptCommon(manager.commonHttpProtocolOptions, place.in('common_http_protocol_options')),
    maxBodyBytes,
    maxHeadBytes: 1024 * acceptSize(kb, HIGHEST_HEAD_BYTES / 1024, place.in('max_request_headers_kb')),
    headTimeoutMs: acceptTime(
      requestHeadersTimeout,
      envoy.headTimeoutMs,
      place.in('request_headers_timeout'),
    ),
    requestTimeoutMs: acceptTime(requestTimeout, envoy.requestTimeoutMs, place.in('request_timeout')),
    streamIdleMs: acceptTime(streamIdleTimeout, envoy.streamIdleMs, place.in('stream_idle_timeout')),
  });
}

type CommonLimits = Pick<
  ServerLimits,
  'idleMs' | 'maxConnectionMs' | 'maxHeadLines' | 'maxRequests' | 'maxStreamMs'
>;

function acceptCommon(common: CommonOptions | undefined, place: Place): CommonLimits {
  const envoy = ENVOY_LIMITS;
  if (common !== undefined) place.allow(CommonOptionsSchema, common, COMMON_FIELDS);
  const { idleTimeout, maxConnectionDuration, maxHeadersCount, maxStreamDuration } = common ?? {};
  return {
    idleMs: acceptTime(idleTimeout, envoy.idleMs, place.in('idle_timeout')),
    maxConnectionMs: acceptTime(
      maxConnectionDuration,
      envoy.maxConnectionMs,
      place.in('max_connection_duration'),
    ),
    maxHeadLines: acceptSize(
      maxHeadersCount ?? envoy.maxHeadLines,
      HIGHEST_HEAD_LINES,
      place.in('max_headers_count'),
    ),
    maxRequests: common?.maxRequestsPerConnection ?? envoy.maxRequests,
    maxStreamMs: acceptTime(maxStreamDuration, envoy.maxStreamMs, place.in('max_stream_duration')),
  };
}

/** Less than a millisecond would be none. */
function acceptTime(duration: Duration | undefined, unsaid: number, place: Place): number {
  if (duration === undefined) return unsaid;
  const ms = acceptDuration(duration, place);
  if (ms > 0 && ms < 1) place.refuse('must be 0s, which is no limit, or at least 1ms');
  return ms;
}

function acceptSize(size: number, highest: number, place: Place): number {
  if (size >= 1 && size <= highest) return size;
  place.refuse(`must be from 1 to ${highest}`);
  return 1;
}
