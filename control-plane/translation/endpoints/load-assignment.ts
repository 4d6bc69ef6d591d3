import { create } from '@bufbuild/protobuf';
import { carries, type Labels } from '#api/kinds/selectors.ts';
import { HealthStatus } from '#api/xds/gen/envoy/config/core/v3/health_check_pb.js';
import type { LbEndpointSchema } from '#api/xds/gen/envoy/config/endpoint/v3/endpoint_components_pb.js';
import { ClusterLoadAssignmentSchema } from '#api/xds/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { WORKLOAD_FILTER } from '#api/xds/node-metadata.ts';
import { tcpAddress } from '../address.ts';
import { type Encoded, encode } from '../encoded.ts';
import type { Init } from '../message.ts';
import { compare } from '../model/host-match.ts';
import type { PodFacts } from '../model/pod-facts.ts';
import type { Slice } from '../model/slice.ts';

type LbEndpoint = Init<typeof LbEndpointSchema>;

/** One address that answers for a service's port. */
export interface Target {
  readonly address: string;
  readonly port: number;
  readonly zone: string;
  readonly pod: PodFacts | undefined;
}

/**
 * The ready addresses behind a service's port, each once (a proxy refuses a repeated one), in an order that does
 * not depend on how the slices arrived.
 */
export function targetsOf(
  slices: Iterable<Slice>,
  portName: string,
  pod: (key: string) => PodFacts | undefined,
): Target[] {
  const targets = new Map<string, Target>();
  for (const slice of slices) {
    const port = slice.portNumbers.get(portName);
    if (port === undefined) continue;
    for (const { addresses, zone, podKey } of slice.endpoints) {
      for (const address of addresses) {
        const target = { address, port, zone, pod: podKey === undefined ? undefined : pod(podKey) };
        targets.set(`${address}:${port}`, target);
      }
    }
  }
  return [...targets.keys()].sort(compare).map((key) => targets.get(key)!);
}

/** An empty `labels` takes every target: the cluster is not a subset. */
export function loadAssignment(cluster: string, targets: readonly Target[], labels: Labels): Encoded {
  const wanted = Object.keys(labels).length > 0;
  const chosen = wanted
    ? targets.filter(({ pod }) => pod !== undefined && carries(pod.labels, labels))
    : targets;
  const byZone = Map.groupBy(chosen, (target) => target.zone);
  const message = create(ClusterLoadAssignmentSchema, {
    clusterName: cluster,
    endpoints: [...byZone.keys()].sort(compare).map((zone) => ({
      locality: { zone },
      loadBalancingWeight: byZone.get(zone)!.length,
      lbEndpoints: byZone.get(zone)!.map(lbEndpoint),
    })),
  });
  return encode(ClusterLoadAssignmentSchema, cluster, message);
}

function lbEndpoint({ address, port, pod }: Target): LbEndpoint {
  return {
    hostIdentifier: { case: 'endpoint', value: { address: tcpAddress(address, port) } },
    healthStatus: HealthStatus.HEALTHY,
    loadBalancingWeight: 1,
    ...(pod === undefined
      ? {}
      : { metadata: { filterMetadata: { [WORKLOAD_FILTER]: { workload: pod.workload } } } }),
  };
}
