/** What a Deployment writes on its ReplicaSets: which revision they are, and how many pods were wanted when they were last scaled. */
import type { Deployment } from '#api/kinds/deployment.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { ReplicaSet } from '#api/kinds/replica-set.ts';
import { fencepostsOf } from './fenceposts.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';

/** Entries of a set's revision history; a set that is rolled back to for ever does not grow for ever. */
const MAX_HISTORY = 50;

const NOT_INHERITED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
]);

type Annotations = Record<string, string>;

/** 0 when there is none. */
export function revisionOf(object: { readonly metadata: { annotations?: Annotations | undefined } }): number {
  const revision = Number(object.metadata.annotations?.[REVISION] ?? 0);
  return Number.isInteger(revision) ? revision : 0;
}

/** `spec.replicas` of the Deployment when the set was last scaled; undefined when it never was. */
export function desiredReplicasOf(replicaSet: ReplicaSet): number | undefined {
  return countIn(replicaSet.metadata.annotations, DESIRED_REPLICAS);
}

/** The most pods that the Deployment allowed when the set was last scaled. */
export function maxReplicasOf(replicaSet: ReplicaSet): number | undefined {
  return countIn(replicaSet.metadata.annotations, MAX_REPLICAS);
}

function countIn(annotations: Annotations | undefined, key: string): number | undefined {
  const text = annotations?.[key];
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

export function scaleAnnotations(deployment: Deployment): Annotations {
  const { replicas } = deployment.spec;
  return {
    [DESIRED_REPLICAS]: String(replicas),
    [MAX_REPLICAS]: String(replicas + fencepostsOf(deployment).maxSurge),
  };
}

/** The Deployment's own annotations, which its ReplicaSets carry too (`kubernetes.io/change-cause` among them). */
export function inheritedAnnotations(deployment: Deployment): Annotations {
  const own = Object.entries(deployment.metadata.annotations ?? {});
  return Object.fromEntries(own.filter(([key]) => !NOT_INHERITED.has(key)));
}

/** The annotations of the newest set when it is, or becomes again, revision `revision`. */
export function revisionAnnotations(
  deployment: Deployment,
  existing: Stored<ReplicaSet> | undefined,
  revision: number,
): Annotations {
  const before = existing === undefined ? 0 : revisionOf(existing);
  const history = existing?.metadata.annotations?.[REVISION_HISTORY];
  const past = before > 0 && before < revision ? [...(history?.split(',') ?? []), String(before)] : undefined;
  return {
    ...existing?.metadata.annotations,
    ...inheritedAnnotations(deployment),
    [REVISION]: String(Math.max(before, revision)),
    ...(past === undefined ? {} : { [REVISION_HISTORY]: past.slice(-MAX_HISTORY).join(',') }),
  };
}
