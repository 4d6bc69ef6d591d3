import type { MeshClient } from '../model/client.ts';
import type { Inputs } from '../model/inputs.ts';
import { EVERYTHING, type SidecarScope, scopeOf, sidecarFor } from './sidecar-scope.ts';

/** What one proxy sees, by the names of hosts. Names that are no services are seen by everybody. */
export interface ProxyScope extends Pick<SidecarScope, 'id' | 'allowAny'> {
  sees(host: string, port: number): boolean;
}

export const WHOLE_MESH: ProxyScope = { ...EVERYTHING, sees: () => true };

/** Follows the Sidecar that is in force for a proxy. The same one is the same object. */
export function followScope(inputs: Inputs, client: () => MeshClient): () => ProxyScope {
  let known = WHOLE_MESH;
  return () => {
    if (inputs.sidecars.size === 0) return WHOLE_MESH;
    const { namespace } = client();
    const sidecar = sidecarFor(client(), inputs.sidecars.values(), inputs.destinationRules.rootNamespace);
    const scope = scopeOf(sidecar, namespace);
    if (scope.id === known.id) return known;
    known = sidecar === undefined ? WHOLE_MESH : bind(scope, inputs);
    return known;
  };
}

function bind(scope: SidecarScope, inputs: Inputs): ProxyScope {
  return {
    id: scope.id,
    allowAny: scope.allowAny,
    sees(host, port) {
      const service = inputs.services.get(host);
      return service === undefined || scope.sees(service, port);
    },
  };
}
