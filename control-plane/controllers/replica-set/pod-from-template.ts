import type { Random } from '#api/foundation/random.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { ReplicaSet } from '#api/kinds/replica-set.ts';
import { controllerReference } from '../ownership/owner.ts';

/** Kubernetes' alphabet for generated names: no vowels, so no words; no 0, 1, 3, so nothing that looks alike. */
const SAFE = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
/** A pod's name becomes its host name: a DNS label. */
const MAX_NAME = 63;

export function randomSuffix(random: Random): string {
  return Array.from({ length: SUFFIX_LENGTH }, () => SAFE[Math.floor(random() * SAFE.length)]).join('');
}

/** A new pod of a ReplicaSet: `NAME-xxxxx`, labels and annotations of the template, owned by the set. */
export function podFromTemplate(replicaSet: Stored<ReplicaSet>, random: Random): Pod {
  const { template } = replicaSet.spec;
  const { labels, annotations } = template.metadata ?? {};
  const base = `${replicaSet.metadata.name}-`.slice(0, MAX_NAME - SUFFIX_LENGTH);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${base}${randomSuffix(random)}`,
      generateName: base,
      namespace: replicaSet.metadata.namespace,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [controllerReference(ReplicaSet, replicaSet)],
    },
    spec: template.spec,
  };
}
