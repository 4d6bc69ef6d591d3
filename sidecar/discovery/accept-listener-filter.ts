import type { ListenerFilter } from '#api/xds/gen/envoy/config/listener/v3/listener_components_pb.js';
import { HttpInspectorSchema } from '#api/xds/gen/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb.js';
import { OriginalDstSchema } from '#api/xds/gen/envoy/extensions/filters/listener/original_dst/v3/original_dst_pb.js';
import { TlsInspectorSchema } from '#api/xds/gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js';
import type { Place } from './refusals.ts';
import { unpack } from './unpack.ts';

/**
 * Original destinations are always recovered, and whether a connection is inspected follows from its chains; so the
 * filters that ask for either are understood, `filter_disabled` included, and add nothing. Returns whether this one is
 * the tls_inspector, which chains that tell TLS apart need.
 */
export function acceptListenerFilter(filter: ListenerFilter, place: Place): boolean {
  const config = filter.configType.case === 'typedConfig' ? filter.configType.value : undefined;
  const http = unpack(config, HttpInspectorSchema);
  const original = unpack(config, OriginalDstSchema);
  const tls = unpack(config, TlsInspectorSchema);
  if (http !== undefined) place.allow(HttpInspectorSchema, http, new Set());
  else if (original !== undefined) place.allow(OriginalDstSchema, original, new Set());
  else if (tls !== undefined) place.allow(TlsInspectorSchema, tls, new Set());
  else place.refuse(`${filter.name} (${config?.typeUrl ?? 'without configuration'}) is not supported`);
  return tls !== undefined;
}
