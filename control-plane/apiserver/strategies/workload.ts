import type { Deployment } from '#api/kinds/deployment.ts';
import type { ReplicaSet } from '#api/kinds/replica-set.ts';
import { unlessSame } from './immutable.ts';
import type { Strategy } from './strategy.ts';

/** apps/v1: which pods a workload owns never changes. */
export const workloadStrategy: Strategy<Deployment | ReplicaSet> = {
  checkUpdate: ({ spec }, { spec: old }) => unlessSame('spec.selector', spec.selector, old.selector),
};
