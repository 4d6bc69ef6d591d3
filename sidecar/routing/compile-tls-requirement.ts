import { VirtualHost_TlsRequirementType as TlsRequirement } from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import { locate, type RedirectTarget } from './redirect-location.ts';
import type { RedirectDecision } from './route-table.ts';

const SAME_OVER_TLS: RedirectTarget = {
  scheme: 'https',
  host: undefined,
  port: undefined,
  path: undefined,
  rewrite: undefined,
  stripQuery: false,
};

/** Before any route is looked at, as in Envoy: the same place over TLS, for good. */
const TO_TLS: RedirectDecision = {
  kind: 'redirect',
  route: '',
  status: 301,
  location: (request, secure) => locate(SAME_OVER_TLS, request, secure),
};

/** Envoy's VirtualHost.require_tls. Which requests are external is not known here. */
export function compileTlsRequirement(
  requirement: TlsRequirement,
  place: Place,
): RedirectDecision | undefined {
  switch (requirement) {
    case TlsRequirement.NONE:
      return undefined;
    case TlsRequirement.ALL:
      return TO_TLS;
  }
  place.refuse(`${TlsRequirement[requirement] ?? requirement} is not supported`);
  return undefined;
}
