import type { ConfigSource } from '#api/xds/gen/envoy/config/core/v3/config_source_pb.js';
import type { Place } from './refusals.ts';

/** Everything comes over the one stream: `ads`, or `self`, which is the same when asked on it. */
export function acceptConfigSource(source: ConfigSource | undefined, place: Place): void {
  const kind = source?.configSourceSpecifier.case;
  if (kind !== 'ads' && kind !== 'self') place.refuse(`${kind ?? 'nothing'} is not supported, only ads`);
}
