import type { ConfigMap } from '#api/kinds/config-map.ts';
import type { DestinationRule } from '#api/kinds/destination-rule.ts';
import type { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import type { Gateway } from '#api/kinds/gateway.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Node } from '#api/kinds/node.ts';
import type { Pod } from '#api/kinds/pod.ts';
import type { Secret } from '#api/kinds/secret.ts';
import type { Service } from '#api/kinds/service.ts';
import type { ServiceEntry } from '#api/kinds/service-entry.ts';
import type { Sidecar } from '#api/kinds/sidecar.ts';
import type { Telemetry } from '#api/kinds/telemetry.ts';
import type { VirtualService } from '#api/kinds/virtual-service.ts';
import type { WorkloadEntry } from '#api/kinds/workload-entry.ts';
import { SETTINGS_NAMESPACE } from '#api/mesh/mesh-settings.ts';
import type { OwnCollector } from '../telemetry/collectors.ts';

/** Everything that translation reads. */
export interface InputKinds {
  readonly Service: Service;
  readonly EndpointSlice: EndpointSlice;
  readonly Pod: Pod;
  readonly Node: Node;
  readonly Secret: Secret;
  readonly VirtualService: VirtualService;
  readonly DestinationRule: DestinationRule;
  readonly ServiceEntry: ServiceEntry;
  readonly WorkloadEntry: WorkloadEntry;
  readonly Gateway: Gateway;
  readonly Sidecar: Sidecar;
  readonly Telemetry: Telemetry;
  /** Only the one that holds the settings of the mesh is looked at. */
  readonly ConfigMap: ConfigMap;
}

/** One input as it is now; `object` undefined: it is gone. `key` is `NAMESPACE/NAME`, a Node's `/NAME`. */
export type InputChange = {
  readonly [Kind in keyof InputKinds]: {
    readonly kind: Kind;
    readonly key: string;
    readonly object: Stored<InputKinds[Kind]> | undefined;
  };
}[keyof InputKinds];

export interface InputOptions {
  readonly clusterDomain: string;
  readonly clusterId: string;
  /** Whose Sidecars, DestinationRules and Telemetry objects are for the whole mesh; `istio-system` unless set. */
  readonly rootNamespace?: string;
  /** Istio's mesh id, on every span; the cluster's domain unless set. */
  readonly meshId?: string;
  /** The trace viewer that runs beside the mesh. */
  readonly traces?: OwnCollector | undefined;
}

export const ROOT_NAMESPACE = SETTINGS_NAMESPACE;
