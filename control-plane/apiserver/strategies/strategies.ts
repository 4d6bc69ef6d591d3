import { ConfigMap } from '#api/kinds/config-map.ts';
import { Deployment } from '#api/kinds/deployment.ts';
import type { AnyKind } from '#api/kinds/kind.ts';
import { Namespace } from '#api/kinds/namespace.ts';
import { Node } from '#api/kinds/node.ts';
import { Pod } from '#api/kinds/pod.ts';
import { ReplicaSet } from '#api/kinds/replica-set.ts';
import { Secret } from '#api/kinds/secret.ts';
import { Service } from '#api/kinds/service.ts';
import { namespaceStrategy } from './namespace.ts';
import { podStrategy } from './pod.ts';
import { configMapStrategy, secretStrategy } from './secret.ts';
import { serviceStrategy } from './service.ts';
import type { Strategy } from './strategy.ts';
import { workloadStrategy } from './workload.ts';

// biome-ignore lint/suspicious/noExplicitAny: a strategy is only ever handed objects of its own kind
type AnyStrategy = Strategy<any>;

const STRATEGIES = new Map<AnyKind, AnyStrategy>([
  [Pod, podStrategy],
  [Namespace, namespaceStrategy],
  [Node, { keepsStatusOnCreate: true }],
  [Service, serviceStrategy],
  [Secret, secretStrategy],
  [ConfigMap, configMapStrategy],
  [Deployment, workloadStrategy],
  [ReplicaSet, workloadStrategy],
]);

export function strategyOf(kind: AnyKind): AnyStrategy {
  return STRATEGIES.get(kind) ?? {};
}
