import type { Pod } from '#api/kinds/pod.ts';

/** The name of the workload that a pod belongs to, as Istio derives it: the Deployment behind its ReplicaSet, else its owner, else itself. */
export function workloadOf({ metadata }: Pick<Pod, 'metadata'>): string {
  const owner = (metadata.ownerReferences ?? []).find((reference) => reference.controller === true);
  if (owner === undefined) return metadata.name ?? '';
  const hash = metadata.labels?.['pod-template-hash'];
  const suffix = `-${hash}`;
  return owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(suffix)
    ? owner.name.slice(0, -suffix.length)
    : owner.name;
}
