import { evenDraws } from '#api/foundation/even-draws.ts';
import type { Random } from '#api/foundation/random.ts';
import {
  RouteAction_ClusterNotFoundResponseCode as NotFoundCode,
  type RouteAction,
  RouteActionSchema,
  type RouteMatch,
  type WeightedCluster,
  WeightedCluster_ClusterWeightSchema,
  WeightedClusterSchema,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import type { ClusterDirectory } from '#sidecar/upstream/cluster-directory.ts';
import { compileHash } from './compile-hash.ts';
import { compileMirrors } from './compile-mirrors.ts';
import { compilePrefixRewrite, compileRegexRewrite, type PathRewrite } from './compile-path-rewrite.ts';
import { compileRetryPolicy } from './compile-retry.ts';
import { compileTimeout } from './compile-timeout.ts';
import { forwardPolicy, type RoutePolicy } from './forward-policy.ts';
import { acceptAuthority } from './header-syntax.ts';
import { type Action, ByWeight, ToCluster } from './route-action.ts';
import { narrow, SCOPE_FIELDS, type Scope } from './scope.ts';

/** What a table is compiled with, and the clusters that it turned out to name. */
export interface RouteContext {
  readonly clusters: ClusterDirectory;
  readonly random: Random;
  readonly clusterNames: Set<string>;
}

/** The route that an action belongs to. */
export interface RouteOwner {
  readonly name: string;
  readonly match: RouteMatch;
  readonly countAttempts: boolean;
  readonly scope: Scope;
}

const NOT_FOUND_STATUS: Readonly<Record<NotFoundCode, number>> = {
  [NotFoundCode.SERVICE_UNAVAILABLE]: 503,
  [NotFoundCode.NOT_FOUND]: 404,
  [NotFoundCode.INTERNAL_SERVER_ERROR]: 500,
};

const SUPPORTED = new Set([
  'cluster',
  'weighted_clusters',
  'cluster_not_found_response_code',
  'prefix_rewrite',
  'regex_rewrite',
  'host_rewrite_literal',
  'timeout',
  'idle_timeout',
  'max_stream_duration',
  'retry_policy',
  'request_mirror_policies',
  'hash_policy',
]);

const WEIGHT_FIELDS = new Set(['name', 'weight', 'host_rewrite_literal', ...SCOPE_FIELDS]);

export function compileRouteAction(
  owner: RouteOwner,
  action: RouteAction,
  context: RouteContext,
  place: Place,
): Action | undefined {
  place.allow(RouteActionSchema, action, SUPPORTED);
  const policy = compilePolicy(owner, action, context, place);
  const { clusterSpecifier: target } = action;
  switch (target.case) {
    case 'cluster':
      return toCluster(target.value, policy, owner.scope, context, place.in('cluster'));
    case 'weightedClusters':
      return compileWeights(target.value, policy, owner.scope, context, place.in('weighted_clusters'));
    case undefined:
      place.refuse('names no cluster');
  }
  return undefined;
}

/** What holds for every cluster of the route. */
function compilePolicy(
  { name, match, countAttempts }: RouteOwner,
  action: RouteAction,
  context: RouteContext,
  place: Place,
): RoutePolicy {
  const timeoutMs = compileTimeout(action, place);
  return {
    route: name,
    countAttempts,
    timeoutMs,
    retry: compileRetryPolicy(action.retryPolicy, timeoutMs, place.in('retry_policy')),
    notFoundStatus: NOT_FOUND_STATUS[action.clusterNotFoundResponseCode] ?? 503,
    path: compilePath(action, match, place),
    authority: compileHost(action.hostRewriteSpecifier, place),
    mirrors: compileMirrors(action.requestMirrorPolicies, context, place),
    hash: compileHash(action.hashPolicy, place),
  };
}

function compilePath(
  { prefixRewrite, regexRewrite }: RouteAction,
  match: RouteMatch,
  place: Place,
): PathRewrite | undefined {
  if (prefixRewrite !== '' && regexRewrite !== undefined) {
    place.in('regex_rewrite').refuse('cannot stand beside prefix_rewrite');
  }
  if (regexRewrite !== undefined) return compileRegexRewrite(regexRewrite, place.in('regex_rewrite'));
  if (prefixRewrite === '') return undefined;
  return compilePrefixRewrite(prefixRewrite, match, place.in('prefix_rewrite'));
}

type HostRewrite = Pick<RouteAction['hostRewriteSpecifier'], 'case' | 'value'>;

/** Undefined keeps the request's host. */
function compileHost({ case: how, value }: HostRewrite, place: Place): string | undefined {
  if (how !== 'hostRewriteLiteral' || typeof value !== 'string' || value === '') return undefined;
  return acceptAuthority(value, place.in('host_rewrite_literal'));
}

function toCluster(
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

function compileWeights(
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
