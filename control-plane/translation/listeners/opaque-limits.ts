import { parseDuration } from '#api/foundation/duration.ts';
import type { TcpProxySchema } from '#api/xds/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js';
import { durationOf, type Init } from '../message.ts';
import type { Client } from '../model/rule-book.ts';
import { settingsFor } from '../model/traffic-rules.ts';
import type { DestinationContext } from '../routes/destination.ts';

/** How long opaque connections may last, as the destination's rule says it (Istio `connectionPool.tcp`). */
export type OpaqueLimits = Pick<
  Init<typeof TcpProxySchema>,
  'idleTimeout' | 'maxDownstreamConnectionDuration'
>;

export function opaqueLimits(
  destination: { readonly host: string; readonly subset: string; readonly port: number },
  context: DestinationContext,
  client: Client,
): OpaqueLimits {
  if (context.service(destination.host) === undefined) return {};
  const rules = context.trafficRules(destination.host, client);
  const tcp = settingsFor(rules, destination.subset, destination.port).connectionPool?.tcp;
  const idleMs = parseDuration(tcp?.idleTimeout ?? '');
  const longestMs = parseDuration(tcp?.maxConnectionDuration ?? '');
  return {
    ...(idleMs === undefined ? {} : { idleTimeout: durationOf(idleMs) }),
    ...(longestMs === undefined ? {} : { maxDownstreamConnectionDuration: durationOf(longestMs) }),
  };
}
