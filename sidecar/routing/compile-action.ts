import type { Random } from '#api/foundation/random.ts';
import {
  RouteAction_ClusterNotFoundResponseCode as NotFoundCode,
  type RouteAction,
  RouteActionSchema,
  type WeightedCluster,
  WeightedCluster_ClusterWeightSchema,
  WeightedClusterSchema,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import { acceptDuration } from '#sidecar/discovery/durations.ts';
import type { Place } from '#sidecar/discovery/refusals.ts';
import type { ClusterDirectory } from '#sidecar/upstream/cluster-directory.ts';
import { compileRetryPolicy } from './compile-retry.ts';
import { type Action, ByWeight, type ForwardPolicy, ToCluster } from './route-action.ts';

/** What a table is compiled with, and the clusters that it turned out to name. */
export interface RouteContext {
  readonly clusters: ClusterDirectory;
  readonly random: Random;
  readonly clusterNames: Set<string>;
}

/** The route that an action belongs to. */
export interface RouteOwner {
  readonly name: string;
  readonly countAttempts: boolean;
}

/** Envoy's default for RouteAction.timeout. */
const DEFAULT_TIMEOUT_MS = 15_000;

const NOT_FOUND_STATUS: Readonly<Record<NotFoundCode, number>> = {
  [NotFoundCode.SERVICE_UNAVAILABLE]: 503,
  [NotFoundCode.NOT_FOUND]: 404,
  [NotFoundCode.INTERNAL_SERVER_ERROR]: 500,
};

const SUPPORTED = new Set([
  'cluster',
  'weighted_clusters',
  'cluster_not_found_response_code',
  'timeout',
  'retry_policy',
]);

export function compileRouteAction(
  owner: RouteOwner,
  action: RouteAction,
  context: RouteContext,
  place: Place,
): Action | undefined {
  place.allow(RouteActionSchema, action, SUPPORTED);
  const timeoutMs =
    action.timeout === undefined ? DEFAULT_TIMEOUT_MS : acceptDuration(action.timeout, place.in('timeout'));
  const policy: ForwardPolicy = {
    route: owner.name,
    countAttempts: owner.countAttempts,
    timeoutMs,
    retry: compileRetryPolicy(action.retryPolicy, timeoutMs, place.in('retry_policy')),
    notFoundStatus: NOT_FOUND_STATUS[action.clusterNotFoundResponseCode] ?? 503,
  };
  const { clusterSpecifier: target } = action;
  switch (target.case) {
    case 'cluster':
      return toCluster(target.value, policy, context, place.in('cluster'));
    case 'weightedClusters':
      return compileWeights(target.value, policy, context, place.in('weighted_clusters'));
    case undefined:
      place.refuse('names no cluster');
  }
  return undefined;
}

function toCluster(name: string, policy: ForwardPolicy, context: RouteContext, place: Place): Action {
  if (name === '') place.refuse('must not be empty');
  context.clusterNames.add(name);
  return new ToCluster(context.clusters, name, policy);
}

function compileWeights(
  weighted: WeightedCluster,
  policy: ForwardPolicy,
  context: RouteContext,
  place: Place,
): Action | undefined {
  place.allow(WeightedClusterSchema, weighted, new Set(['clusters', 'total_weight']));
  const choices = weighted.clusters.map((entry, i) => {
    const here = place.in(`clusters[${i}]`);
    here.allow(WeightedCluster_ClusterWeightSchema, entry, new Set(['name', 'weight']));
    return { weight: entry.weight ?? 0, action: toCluster(entry.name, policy, context, here.in('name')) };
  });
  const total = choices.reduce((sum, { weight }) => sum + weight, 0);
  if (weighted.totalWeight !== undefined && weighted.totalWeight !== total) {
    place.in('total_weight').refuse(`is ${weighted.totalWeight}, but the weights sum up to ${total}`);
  }
  if (total > 0) return new ByWeight(choices, context.random);
  place.refuse('the weights sum up to 0');
  return undefined;
}
