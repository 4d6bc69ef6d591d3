import type { Client } from '#api/client/client.ts';
import { createInformer, type Informer } from '#api/client/informer.ts';
import type { Indexers } from '#api/client/object-cache.ts';
import { ALL_KINDS } from '#api/kinds/all.ts';
import { Deployment } from '#api/kinds/deployment.ts';
import { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import type { AnyKind, Kind } from '#api/kinds/kind.ts';
import type { KubeObject } from '#api/kinds/meta.ts';
import { Namespace } from '#api/kinds/namespace.ts';
import { Node } from '#api/kinds/node.ts';
import { Pod } from '#api/kinds/pod.ts';
import { ReplicaSet } from '#api/kinds/replica-set.ts';
import { Service } from '#api/kinds/service.ts';
import { ServiceAccount } from '#api/kinds/service-account.ts';
import { ServiceEntry } from '#api/kinds/service-entry.ts';
import { managedSlices } from './endpoints/plan-slices.ts';
import { orphanNamespace, ownerUids } from './ownership/owner.ts';
import { unboundIndex } from './scheduler/scheduler.ts';
import type { Tools } from './tools.ts';

/** An informer whose object type does not matter to the caller. */
export type AnyInformer = Informer<KubeObject>;

/** One cache for each kind, shared by all controllers. All have the index `owner`: uids of the owners. */
export interface Informers {
  readonly deployments: Informer<Deployment>;
  readonly replicaSets: Informer<ReplicaSet>;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice>;
  readonly namespaces: Informer<Namespace>;
  readonly serviceAccounts: Informer<ServiceAccount>;
  readonly serviceEntries: Informer<ServiceEntry>;
  /** Every kind that is served. */
  readonly all: ReadonlyMap<AnyKind, AnyInformer>;
  /** Resolves when every cache is complete. */
  readonly synced: Promise<unknown>;
  start(): void;
  stop(): void;
}

export function createInformers(client: Client, tools: Tools): Informers {
  const all = new Map<AnyKind, AnyInformer>();
  const follow = <T extends KubeObject>(kind: Kind<T>, indexes: Indexers<T> = {}): Informer<T> => {
    const informer = createInformer(client, kind, { indexes: { owner: ownerUids, ...indexes } }, tools);
    all.set(kind, informer);
    return informer;
  };
  const known = {
    deployments: follow(Deployment),
    replicaSets: follow(ReplicaSet, { orphans: orphanNamespace }),
    pods: follow(Pod, { orphans: orphanNamespace, node: nodeIndex, unbound: unboundIndex }),
    nodes: follow(Node),
    services: follow(Service),
    slices: follow(EndpointSlice, { service: managedSlices }),
    namespaces: follow(Namespace),
    serviceAccounts: follow(ServiceAccount),
    serviceEntries: follow(ServiceEntry),
  };
  for (const kind of ALL_KINDS) if (!all.has(kind)) follow(kind);
  const each = [...all.values()];
  return {
    ...known,
    all,
    synced: Promise.all(each.map((informer) => informer.synced)),
    start: () => {
      for (const informer of each) informer.start();
    },
    stop: () => {
      for (const informer of each) informer.stop();
    },
  };
}

function nodeIndex(pod: Pod): string[] {
  return pod.spec.nodeName === undefined ? [] : [pod.spec.nodeName];
}
