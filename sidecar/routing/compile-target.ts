import { evenDraws } from '#api/foundation/even-draws.ts';
import {
  type RouteAction,
  type WeightedCluster,
  WeightedCluster_ClusterWeightSchema,
  WeightedClusterSchema,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import type { RouteContext } from './compile-action.ts';
import { forwardPolicy, type RoutePolicy } from './forward-policy.ts';
import { acceptAuthority } from './header-syntax.ts';
import { type Action, ByWeight, ToCluster } from './route-action.ts';
import { narrow, SCOPE_FIELDS, type Scope } from './scope.ts';

const WEIGHT_FIELDS = new Set(['name', 'weight', 'host_rewrite_literal', ...SCOPE_FIELDS]);

type HostRewrite = Pick<RouteAction['hostRewriteSpecifier'], 'case' | 'value'>;

/** The host that a request is sent with; undefined keeps its own. */
export function compileHost({ case: how, value }: HostRewrite, place: Place): string | undefined {
  if (how !== 'hostRewriteLiteral' || typeof value !== 'string' || value === '') return undefined;
  return acceptAuthority(value, place.in('host_rewrite_literal'));
}

/** Forwards to the cluster called `name`; `place` is where the name stands. */
export function toCluster(
  name: string,
  policy: RoutePolicy,
  scope: Scope,
  context: RouteContext,
  place: Place,
): Action {
  if (name === '') place.refuse('must not be empty');
  context.clusterNames.add(name);
  return new ToCluster(context.clusters, name, forwardPolicy(policy, scope));
}

/** Forwards to one of several clusters, each with edits and filters of its own. */
export function compileWeights(
  weighted: WeightedCluster,
  policy: RoutePolicy,
  scope: Scope,
  context: RouteContext,
  place: Place,
): Action | undefined {
  place.allow(WeightedClusterSchema, weighted, new Set(['clusters', 'total_weight']));
  const choices = weighted.clusters.map((entry, i) => {
    const here = place.in(`clusters[${i}]`);
    here.allow(WeightedCluster_ClusterWeightSchema, entry, WEIGHT_FIELDS);
    // As in Envoy, the route's host comes after the cluster's and so has the last word.
    const authority = policy.authority ?? compileHost(entry.hostRewriteSpecifier, here);
    const inner = narrow(scope, entry, here);
    return {
      weight: entry.weight ?? 0,
      action: toCluster(entry.name, { ...policy, authority }, inner, context, here.in('name')),
    };
  });
  const total = choices.reduce((sum, { weight }) => sum + weight, 0);
  if (weighted.totalWeight !== undefined && weighted.totalWeight !== total) {
    place.in('total_weight').refuse(`is ${weighted.totalWeight}, but the weights sum up to ${total}`);
  }
  if (total > 0) return new ByWeight(choices, evenDraws(context.random));
  place.refuse('the weights sum up to 0');
  return undefined;
}
