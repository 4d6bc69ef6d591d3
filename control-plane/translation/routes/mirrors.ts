import type { HttpMirror, HttpRoute } from '#api/kinds/virtual-service.ts';
import type { RouteAction_RequestMirrorPolicySchema } from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { Init } from '../message.ts';
import { type DestinationContext, destinationCluster } from './destination.ts';
import { fraction } from './percent.ts';

type MirrorPolicy = Init<typeof RouteAction_RequestMirrorPolicySchema>;

/** Istio `mirror` and `mirrors`: everything is copied unless a percentage says otherwise; 0 copies nothing. */
export function mirrorPolicies(
  route: HttpRoute,
  requestPort: number,
  context: DestinationContext,
): MirrorPolicy[] {
  return mirrorsOf(route)
    .map(({ destination, percentage }) => ({
      cluster: destinationCluster(destination, requestPort, context),
      runtimeFraction: { defaultValue: fraction(percentage, undefined, 100) },
    }))
    .filter(({ runtimeFraction }) => runtimeFraction.defaultValue.numerator !== 0);
}

function mirrorsOf({ mirror, mirrorPercentage, mirrorPercent, mirrors = [] }: HttpRoute): HttpMirror[] {
  if (mirror === undefined) return mirrors;
  const older = mirrorPercent === undefined ? undefined : { value: mirrorPercent };
  return [{ destination: mirror, percentage: mirrorPercentage ?? older }, ...mirrors];
}
