import { gatewayOf } from '#api/mesh/addresses.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import type { InputOptions } from '#control-plane/translation/model/input-change.ts';

/** Sidecars say the same in `CLUSTER_ID`. */
export const CLUSTER_ID = 'weft';

export type TranslatedConfig = Pick<MeshConfig, 'clusterDomain'> &
  Partial<Pick<MeshConfig, 'trustDomain' | 'podCidr' | 'addons'>>;

/** What translation has to know of the mesh beside its objects. Pods reach what the host runs at the node's own address. */
export function inputOptionsOf({
  clusterDomain,
  trustDomain = clusterDomain,
  podCidr,
  addons,
}: TranslatedConfig): InputOptions {
  const port = addons?.traces?.grpcPort;
  return {
    clusterDomain,
    clusterId: CLUSTER_ID,
    meshId: trustDomain,
    ...(port === undefined || podCidr === undefined
      ? {}
      : { traces: { address: gatewayOf({ podCidr }), port } }),
  };
}
