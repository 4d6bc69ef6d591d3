import type { Client } from '#api/client/client.ts';
import { createInformer, type Informer, type InformerTools } from '#api/client/informer.ts';
import { ConfigMap } from '#api/kinds/config-map.ts';
import { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import { Namespace } from '#api/kinds/namespace.ts';
import { Pod } from '#api/kinds/pod.ts';
import { Secret } from '#api/kinds/secret.ts';
import { Service } from '#api/kinds/service.ts';
import { ServiceEntry } from '#api/kinds/service-entry.ts';

/** Local copies of what the node runtime follows. */
export interface Informers {
  /** Bound to this node only. */
  readonly pods: Informer<Pod>;
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice>;
  readonly serviceEntries: Informer<ServiceEntry>;
  readonly configMaps: Informer<ConfigMap>;
  readonly secrets: Informer<Secret>;
  readonly namespaces: Informer<Namespace>;
  stop(): void;
}

export function createInformers(client: Client, nodeName: string, tools: InformerTools): Informers {
  const informers = {
    pods: createInformer(client, Pod, { fieldSelector: `spec.nodeName=${nodeName}` }, tools),
    services: createInformer(client, Service, {}, tools),
    slices: createInformer(client, EndpointSlice, {}, tools),
    serviceEntries: createInformer(client, ServiceEntry, {}, tools),
    configMaps: createInformer(client, ConfigMap, {}, tools),
    secrets: createInformer(client, Secret, {}, tools),
    namespaces: createInformer(client, Namespace, {}, tools),
  };
  return {
    ...informers,
    stop() {
      for (const informer of Object.values(informers)) informer.stop();
    },
  };
}

export function startInformers({ stop: _stop, ...informers }: Informers): void {
  for (const informer of Object.values(informers)) informer.start();
}
