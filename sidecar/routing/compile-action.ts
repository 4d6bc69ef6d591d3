import type { Random } from '#api/foundation/random.ts';
import {
  RouteAction_ClusterNotFoundResponseCode as NotFoundCode,
  type RouteAction,
  RouteActionSchema,
  type RouteMatch,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import type { ClusterDirectory } from '#sidecar/upstream/cluster-directory.ts';
import { compileHash } from './compile-hash.ts';
import { compileMirrors } from './compile-mirrors.ts';
import { compilePrefixRewrite, compileRegexRewrite, type PathRewrite } from './compile-path-rewrite.ts';
import { compileRetryPolicy } from './compile-retry.ts';
import { compileHost, compileWeights, toCluster } from './compile-target.ts';
import { compileTimeout } from './compile-timeout.ts';
import type { RoutePolicy } from './forward-policy.ts';
import type { Action } from './route-action.ts';
import type { Scope } from './scope.ts';

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
