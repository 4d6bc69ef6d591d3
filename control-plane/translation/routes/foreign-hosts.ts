import { compare } from '../model/host-match.ts';
import type { Inputs } from '../model/inputs.ts';
import type { DestinationContext } from './destination.ts';
import { MESH } from './reader.ts';
import { resolve } from './rules-for-host.ts';
import { foreignRoutes, type HostRoutes } from './service-routes.ts';

/** Istio applies a VirtualService whose host is no service to plain HTTP, where clients of that host go. */
export const FOREIGN_PORT = 80;

/** Routes for the claimed names that are no services (`example.com`, `*.example.com`), by name. */
export function foreignHosts(inputs: Inputs, context: DestinationContext): [string, HostRoutes][] {
  return [...inputs.virtualServices.claimed()]
    .filter((claim) => inputs.rules.servicesUnder(claim).length === 0)
    .sort(compare)
    .flatMap((claim): [string, HostRoutes][] => {
      const rules = inputs.virtualServices
        .on(claim)
        .map((rule) => resolve(rule, inputs))
        .filter(({ gateways, http }) => gateways.includes(MESH) && http.length > 0);
      return rules.length === 0 ? [] : [[claim, foreignRoutes(claim, FOREIGN_PORT, rules, inputs, context)]];
    });
}
