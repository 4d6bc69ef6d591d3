import type { Stored } from '#api/kinds/meta.ts';
import type { ReplicaSet } from '#api/kinds/replica-set.ts';

/** One write that a Deployment's plan asks for. */
export type RolloutAction =
  | { readonly type: 'create'; readonly replicaSet: ReplicaSet }
  /** Replicas and annotations of an existing set. */
  | {
      readonly type: 'scale';
      readonly replicaSet: Stored<ReplicaSet>;
      readonly replicas: number;
      readonly annotations: Readonly<Record<string, string>>;
    }
  /** The newest set gets this revision, annotations and minReadySeconds. */
  | {
      readonly type: 'annotate';
      readonly replicaSet: Stored<ReplicaSet>;
      readonly annotations: Readonly<Record<string, string>>;
      readonly minReadySeconds: number;
    }
  /** A set of an old revision that nobody needs any more. */
  | { readonly type: 'forget'; readonly replicaSet: Stored<ReplicaSet> };
