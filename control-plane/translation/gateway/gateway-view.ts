import { LISTENER_TYPE, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import type { Encoded } from '../encoded.ts';
import { type ProxyNode, sidecarView } from '../sidecar-view.ts';
import { followObservation } from '../telemetry/observations.ts';
import type { View } from '../view.ts';
import type { World } from '../world.ts';

/** What a gateway's proxy may ask for: the clusters and endpoints of its namespace's view, and what its Gateways serve. */
const MEMBERS = { [LISTENER_TYPE]: 'listeners', [ROUTE_TYPE]: 'routes' } as const;

export function gatewayView(world: World, node: ProxyNode): View {
  const podKey = `${node.namespace}/${node.pod}`;
  const as = { gateway: true, trusted: true, envoy: node.envoy };
  const mesh = sidecarView(world, node, as.trusted, as.gateway);
  const observation = followObservation(world.observations, () => world.inputs.pods.get(podKey), as);
  let observed = observation().key;
  const own = () => world.gateways.get(podKey);
  const told = { listeners: own().listeners, routes: own().routes };
  return {
    get(type, name) {
      if (type === LISTENER_TYPE) {
        const listener = own().listeners.get(name);
        return listener && observation().lay(listener, 'CLIENT');
      }
      return type === ROUTE_TYPE ? own().routes.get(name) : mesh.get(type, name);
    },
    names(type) {
      if (type === LISTENER_TYPE) return own().listeners.keys();
      return type === ROUTE_TYPE ? own().routes.keys() : mesh.names(type);
    },
    changed(type, change) {
      if (type !== LISTENER_TYPE && type !== ROUTE_TYPE) return mesh.changed(type, change);
      const member = MEMBERS[type];
      const before = told[member];
      told[member] = own()[member];
      const names = before === told[member] ? [] : different(before, told[member]);
      if (type !== LISTENER_TYPE || observed === observation().key) return names;
      observed = observation().key;
      return new Set([...names, ...told[member].keys()]);
    },
    release: () => mesh.release(),
  };
}

/** Names whose resource came, changed or went. */
function different(before: ReadonlyMap<string, Encoded>, after: ReadonlyMap<string, Encoded>): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name)?.version !== after.get(name)?.version);
}
