import {
  type RouteAction_RequestMirrorPolicy as MirrorPolicy,
  RouteAction_RequestMirrorPolicySchema,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import type { RouteContext } from './compile-action.ts';
import { ALL, compileRuntimeFraction } from './fraction.ts';
import type { Mirror } from './route-table.ts';

/** Each mirror doubles a request. */
const MAX_MIRRORS = 16;

/** `trace_sampled` is about the spans of the copies; no spans are made here. */
const SUPPORTED = new Set(['cluster', 'runtime_fraction', 'trace_sampled']);

/** The request_mirror_policies of the RouteAction at `place`; undefined when no request is copied. */
export function compileMirrors(
  policies: readonly MirrorPolicy[],
  context: RouteContext,
  place: Place,
): readonly Mirror[] | undefined {
  if (policies.length > MAX_MIRRORS) {
    place.in('request_mirror_policies').refuse(`must hold at most ${MAX_MIRRORS} mirrors`);
  }
  const mirrors = policies
    .slice(0, MAX_MIRRORS)
    .map((policy, i) => compileMirror(policy, context, place.in(`request_mirror_policies[${i}]`)))
    .filter(({ share }) => share > 0);
  return mirrors.length === 0 ? undefined : mirrors;
}

function compileMirror(policy: MirrorPolicy, { clusters, clusterNames }: RouteContext, place: Place): Mirror {
  place.allow(RouteAction_RequestMirrorPolicySchema, policy, SUPPORTED);
  const { cluster: name, runtimeFraction } = policy;
  if (name === '') place.in('cluster').refuse('must not be empty');
  clusterNames.add(name);
  const share =
    runtimeFraction === undefined
      ? ALL
      : compileRuntimeFraction(runtimeFraction, place.in('runtime_fraction'));
  return { cluster: () => clusters.get(name), share };
}
