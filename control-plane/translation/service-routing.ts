import { detectedRoutesName } from './listeners/outbound-listeners.ts';
import { serviceListeners } from './listeners/service-listeners.ts';
import { type SharedChains, sharedChains } from './listeners/shared-chains.ts';
import type { Inputs } from './model/inputs.ts';
import type { MeshService } from './model/mesh-service.ts';
import type { DestinationContext } from './routes/destination.ts';
import { meshRulesFor } from './routes/rules-for-host.ts';
import { detectedRoutes, type HostRoutes, sharedRoutes } from './routes/service-routes.ts';
import type { VariedResource } from './varied.ts';

/** How a service is reached: what is derived from it and from the VirtualServices that speak for it. */
export interface ServiceRouting {
  /** Its own listeners. */
  readonly listeners: readonly VariedResource[];
  /** By port number: what it adds to the port's listener, having no address of its own. */
  readonly chains: ReadonlyMap<number, SharedChains>;
  /** Whole route configurations of its detected ports. */
  readonly routes: readonly VariedResource[];
  /** By port number: what it adds to the shared route configurations. */
  readonly http: ReadonlyMap<number, HostRoutes>;
}

export function serviceRouting(
  service: MeshService,
  inputs: Inputs,
  context: DestinationContext,
): ServiceRouting {
  const rules = meshRulesFor(service.host, inputs);
  const spoken = rules.filter(({ http }) => http.length > 0);
  const ports = (protocol: string) => service.ports.filter((port) => port.protocol === protocol);
  return {
    listeners: service.ports.flatMap((port) => serviceListeners(service, port, rules, inputs, context)),
    chains: new Map(
      service.ports.flatMap((port) => {
        const chains = sharedChains(service, port, rules, context);
        return chains === undefined ? [] : [[port.number, chains] as const];
      }),
    ),
    routes: ports('detect').map((port) =>
      detectedRoutes(detectedRoutesName(service.host, port.number), service, port, spoken, inputs, context),
    ),
    http: new Map(
      ports('http').map((port) => [port.number, sharedRoutes(service, port, spoken, inputs, context)]),
    ),
  };
}
