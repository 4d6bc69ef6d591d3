import { compare } from '../model/host-match.ts';
import type { Inputs } from '../model/inputs.ts';
import { type EncodedVirtualHost, encodeVirtualHost } from './route-configuration.ts';
import { type RouteScope, virtualHost } from './virtual-host.ts';

/** Istio applies a VirtualService whose host is no service to plain HTTP, where clients of that host go. */
export const FOREIGN_PORT = 80;

/** Virtual hosts for the claimed names that are no services (`example.com`, `*.example.com`). */
export function foreignVirtualHosts(inputs: Inputs, scope: RouteScope): EncodedVirtualHost[] {
  return [...inputs.virtualServices.claimed()]
    .filter((claim) => inputs.servicesUnder(claim).length === 0)
    .sort(compare)
    .map((claim) => {
      const domains = [claim, `${claim}:${FOREIGN_PORT}`];
      const rule = inputs.virtualServices.on(claim)[0];
      return encodeVirtualHost(virtualHost(claim, FOREIGN_PORT, domains, rule, scope));
    });
}
