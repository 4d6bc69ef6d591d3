import type { Pod } from '#api/kinds/pod.ts';

/**
 * The part of a pod that its record keeps. Most changes that the API tells of are the node runtime's own status
 * writes: they must not look like news.
 */
export function rememberedPod({ metadata, spec, status }: Pod): Pod {
  const { resourceVersion: _version, managedFields: _fields, ...kept } = metadata;
  const scheduled = (status?.conditions ?? []).filter((condition) => condition.type === 'PodScheduled');
  return { apiVersion: 'v1', kind: 'Pod', metadata: kept, spec, status: { conditions: scheduled } };
}

export function isSamePod(a: Pod, b: Pod): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
