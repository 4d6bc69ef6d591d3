import type { ListenerFilter } from '#api/xds/gen/envoy/config/listener/v3/listener_components_pb.js';
import { HttpInspectorSchema } from '#api/xds/gen/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb.js';
import { OriginalDstSchema } from '#api/xds/gen/envoy/extensions/filters/listener/original_dst/v3/original_dst_pb.js';
import { unpack } from './accept-filter.ts';
import type { Place } from './refusals.ts';

/**
 * Original destinations are always recovered, and whether a connection is inspected follows from its chains; so the
 * filters that ask for either are understood, `filter_disabled` included, and add nothing.
 */
export function acceptListenerFilter(filter: ListenerFilter, place: Place): void {
  const config = filter.configType.case === 'typedConfig' ? filter.configType.value : undefined;
  const inspector = unpack(config, HttpInspectorSchema);
  const original = unpack(config, OriginalDstSchema);
  if (inspector !== undefined) place.allow(HttpInspectorSchema, inspector, new Set());
  else if (original !== undefined) place.allow(OriginalDstSchema, original, new Set());
  else place.refuse(`${filter.name} (${config?.typeUrl ?? 'without configuration'}) is not supported`);
}
