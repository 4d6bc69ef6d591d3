import type { JsonObject } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { MAX_METRIC_TAGS } from '#api/mesh/standard-metrics.ts';
import { TypedStructSchema } from '#api/xds/gen/xds/type/v3/typed_struct_pb.js';
import { pack } from '../message.ts';
import type { MetricsChoice } from './merge-metrics.ts';

/** Istio's filter of metrics, among those of HTTP and among those of connections. */
export const STATS_FILTER = 'istio.stats';

/**
 * Istio's `stats.PluginConfig`. `inbound`: a host header never names the service, as Istio has it beside servers and at
 * gateways. Objects that are each right may come to more tags than a sidecar takes: the last ones are left out, lest it refuse
 * the listener.
 */
export function statsMessage(metrics: MetricsChoice, inbound: boolean): Any {
  const list: JsonObject[] =
    metrics === 'off'
      ? [{ drop: true }]
      : metrics.map(({ name, drop, dimensions, tagsToRemove }) => ({
          name,
          ...(drop ? { drop } : {}),
          ...(dimensions.length === 0
            ? {}
            : { dimensions: Object.fromEntries(dimensions.slice(0, MAX_METRIC_TAGS)) }),
          ...(tagsToRemove.length === 0 ? {} : { tags_to_remove: [...tagsToRemove] }),
        }));
  return pack(TypedStructSchema, {
    typeUrl: 'type.googleapis.com/stats.PluginConfig',
    value: { ...(inbound ? { disable_host_header_fallback: true } : {}), metrics: list },
  });
}
