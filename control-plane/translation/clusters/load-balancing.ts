import type { JsonObject } from '@bufbuild/protobuf';
import { parseDuration } from '#api/foundation/duration.ts';
import type { ConsistentHash, LoadBalancerSettings } from '#api/kinds/traffic-policy.ts';
import {
  type Cluster_SlowStartConfigSchema,
  type ClusterSchema,
  Cluster_LbPolicy as LbPolicy,
} from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import { TypedStructSchema } from '#api/xds/gen/xds/type/v3/typed_struct_pb.js';
import { PEAK_EWMA_DECAY_MS, PEAK_EWMA_POLICY, PEAK_EWMA_TYPE } from '#api/xds/peak-ewma.ts';
import { durationOf, type Init, pack } from '../message.ts';

type ClusterInit = Init<typeof ClusterSchema>;
type SlowStart = Init<typeof Cluster_SlowStartConfigSchema>;

/** Istio's default of `minimumRingSize`. */
const MINIMUM_RING_SIZE = 1024;

interface Warmup {
  readonly durationMs: number;
  readonly aggression: number | undefined;
  readonly minimumPercent: number | undefined;
}

/** PASSTHROUGH is not here: it decides how a cluster finds its endpoints (`discovery.ts`). */
export function loadBalancing(settings: LoadBalancerSettings = {}): ClusterInit {
  if (settings.consistentHash !== undefined) return consistentHashing(settings.consistentHash);
  const warmup = warmupOf(settings);
  const slowStartConfig = warmup === undefined ? {} : { slowStartConfig: slowStart(warmup) };
  switch (settings.simple) {
    case 'ROUND_ROBIN':
      return {
        lbPolicy: LbPolicy.ROUND_ROBIN,
        ...(warmup && { lbConfig: { case: 'roundRobinLbConfig', value: slowStartConfig } }),
      };
    case 'LEAST_REQUEST':
    case 'LEAST_CONN':
      return {
        lbPolicy: LbPolicy.LEAST_REQUEST,
        ...(warmup && { lbConfig: { case: 'leastRequestLbConfig', value: slowStartConfig } }),
      };
    case 'RANDOM':
      return { lbPolicy: LbPolicy.RANDOM };
    default:
      return peakEwma(warmup);
  }
}

/** The key to hash travels with the routes; here is how keys are spread. */
function consistentHashing({ maglev, ringHash, minimumRingSize }: ConsistentHash): ClusterInit {
  if (maglev !== undefined) {
    const { tableSize } = maglev;
    const value = tableSize === undefined || tableSize === 0 ? {} : { tableSize: BigInt(tableSize) };
    return { lbPolicy: LbPolicy.MAGLEV, lbConfig: { case: 'maglevLbConfig', value } };
  }
  const size = ringHash?.minimumRingSize || minimumRingSize || MINIMUM_RING_SIZE;
  return {
    lbPolicy: LbPolicy.RING_HASH,
    lbConfig: { case: 'ringHashLbConfig', value: { minimumRingSize: BigInt(size) } },
  };
}

function warmupOf({ warmup, warmupDurationSecs }: LoadBalancerSettings): Warmup | undefined {
  const durationMs = parseDuration(warmup?.duration ?? warmupDurationSecs ?? '');
  if (durationMs === undefined) return undefined;
  return { durationMs, aggression: warmup?.aggression, minimumPercent: warmup?.minimumPercent };
}

function slowStart({ durationMs, aggression, minimumPercent }: Warmup): SlowStart {
  return {
    slowStartWindow: durationOf(durationMs),
    ...(aggression === undefined ? {} : { aggression: { defaultValue: aggression, runtimeKey: '' } }),
    ...(minimumPercent === undefined ? {} : { minWeightPercent: { value: minimumPercent } }),
  };
}

/** Weft's default: the instance that answered fastest lately. */
function peakEwma(warmup: Warmup | undefined): ClusterInit {
  const value: JsonObject = { decay_time: `${PEAK_EWMA_DECAY_MS / 1000}s` };
  if (warmup !== undefined) {
    value['slow_start_config'] = {
      slow_start_window: `${warmup.durationMs / 1000}s`,
      ...(warmup.aggression === undefined ? {} : { aggression: { default_value: warmup.aggression } }),
      ...(warmup.minimumPercent === undefined
        ? {}
        : { min_weight_percent: { value: warmup.minimumPercent } }),
    };
  }
  const typedConfig = pack(TypedStructSchema, { typeUrl: PEAK_EWMA_TYPE, value });
  return {
    loadBalancingPolicy: {
      policies: [{ typedExtensionConfig: { name: PEAK_EWMA_POLICY, typedConfig } }],
    },
  };
}
