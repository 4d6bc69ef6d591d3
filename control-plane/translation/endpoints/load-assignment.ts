import { create } from '@bufbuild/protobuf';
import { carries, type Labels } from '#api/kinds/selectors.ts';
import { HealthStatus } from '#api/xds/gen/envoy/config/core/v3/health_check_pb.js';
import type { LbEndpointSchema } from '#api/xds/gen/envoy/config/endpoint/v3/endpoint_components_pb.js';
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from '#api/xds/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { WORKLOAD_FILTER } from '#api/xds/node-metadata.ts';
import { tcpAddress } from '../address.ts';
import type { Init } from '../message.ts';
import { compare } from '../model/host-match.ts';
import { formatLocality } from '../model/locality.ts';
import type { LocalityPlan } from './locality-plan.ts';
import { type Group, type Place, rank } from './rank.ts';
import type { Target } from './targets.ts';

/** What a uint32 holds: more endpoints than that together weigh as much as this. */
const MAX_WEIGHT = 0xffff_ffff;

type LbEndpoint = Init<typeof LbEndpointSchema>;

/** How the endpoints are ranked, and for whom. */
export interface Ranking {
  readonly plan: LocalityPlan | undefined;
  readonly client: Place;
}

/** An empty `labels` takes every target: the cluster is not a subset. */
export function loadAssignment(
  cluster: string,
  targets: readonly Target[],
  labels: Labels,
  { plan, client }: Ranking,
): ClusterLoadAssignment {
  const groups = localities(targets.filter((target) => carries(target.labels, labels)));
  const ranked = plan === undefined ? groups : rank(groups, plan, client);
  return create(ClusterLoadAssignmentSchema, {
    clusterName: cluster,
    endpoints: ranked.map(({ locality, weight, priority, targets: members }) => ({
      locality,
      loadBalancingWeight: Math.min(weight, MAX_WEIGHT),
      priority,
      lbEndpoints: members.map(lbEndpoint),
    })),
  });
}

function localities(targets: readonly Target[]): Group[] {
  const byLocality = Map.groupBy(targets, ({ locality }) => formatLocality(locality));
  return [...byLocality.keys()].sort(compare).map((key) => {
    const members = byLocality.get(key)!;
    const weight = members.reduce((sum, target) => sum + target.weight, 0);
    return { locality: members[0]!.locality, targets: members, weight, priority: 0 };
  });
}

function lbEndpoint({ address, port, weight, workload }: Target): LbEndpoint {
  return {
    hostIdentifier: { case: 'endpoint', value: { address: tcpAddress(address, port) } },
    healthStatus: HealthStatus.HEALTHY,
    loadBalancingWeight: weight,
    ...(workload === undefined ? {} : { metadata: { filterMetadata: { [WORKLOAD_FILTER]: { workload } } } }),
  };
}
