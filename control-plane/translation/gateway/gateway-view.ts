import type { SidecarNode } from '#api/xds/node-metadata.ts';
import { LISTENER_TYPE, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import type { Encoded } from '../encoded.ts';
import { sidecarView } from '../sidecar-view.ts';
import type { View } from '../view.ts';
import type { World } from '../world.ts';

/** What a gateway's proxy may ask for: the clusters and endpoints of its namespace's view, and what its Gateways serve. */
const MEMBERS = { [LISTENER_TYPE]: 'listeners', [ROUTE_TYPE]: 'routes' } as const;

export function gatewayView(world: World, node: Pick<SidecarNode, 'pod' | 'namespace'>): View {
  const podKey = `${node.namespace}/${node.pod}`;
  const mesh = sidecarView(world, node);
  const own = () => world.gateways.get(podKey);
  const told = { listeners: own().listeners, routes: own().routes };
  return {
    get(type, name) {
      if (type === LISTENER_TYPE) return own().listeners.get(name);
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
      return before === told[member] ? [] : different(before, told[member]);
    },
    release: () => mesh.release(),
  };
}

/** Names whose resource came, changed or went. */
function different(before: ReadonlyMap<string, Encoded>, after: ReadonlyMap<string, Encoded>): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name)?.version !== after.get(name)?.version);
}
