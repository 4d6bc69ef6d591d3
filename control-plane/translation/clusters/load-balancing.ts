import type { TrafficPolicy } from '#api/kinds/traffic-policy.ts';
import { Cluster_LbPolicy, type ClusterSchema } from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import { TypedStructSchema } from '#api/xds/gen/xds/type/v3/typed_struct_pb.js';
import { PEAK_EWMA_DECAY_MS, PEAK_EWMA_POLICY, PEAK_EWMA_TYPE } from '#api/xds/peak-ewma.ts';
import { type Init, pack } from '../message.ts';

type ClusterInit = Init<typeof ClusterSchema>;
type Simple = NonNullable<NonNullable<TrafficPolicy['loadBalancer']>['simple']>;

/** Weft's default: the instance that answered fastest lately. */
const PEAK_EWMA: ClusterInit = {
  loadBalancingPolicy: {
    policies: [
      {
        typedExtensionConfig: {
          name: PEAK_EWMA_POLICY,
          typedConfig: pack(TypedStructSchema, {
            typeUrl: PEAK_EWMA_TYPE,
            value: { decay_time: `${PEAK_EWMA_DECAY_MS / 1000}s` },
          }),
        },
      },
    ],
  },
};

const POLICIES: Readonly<Record<Simple, ClusterInit>> = {
  UNSPECIFIED: PEAK_EWMA,
  ROUND_ROBIN: { lbPolicy: Cluster_LbPolicy.ROUND_ROBIN },
  LEAST_REQUEST: { lbPolicy: Cluster_LbPolicy.LEAST_REQUEST },
  /** Istio's old word for LEAST_REQUEST. */
  LEAST_CONN: { lbPolicy: Cluster_LbPolicy.LEAST_REQUEST },
  RANDOM: { lbPolicy: Cluster_LbPolicy.RANDOM },
  PASSTHROUGH: { lbPolicy: Cluster_LbPolicy.CLUSTER_PROVIDED },
};

export function loadBalancing(policy: TrafficPolicy | undefined): ClusterInit {
  return POLICIES[policy?.loadBalancer?.simple ?? 'UNSPECIFIED'];
}
