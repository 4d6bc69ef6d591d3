import { WeftError } from '#api/foundation/errors.ts';
import type { Pod } from '#api/kinds/pod.ts';

export interface FieldFacts {
  readonly pod: Pod;
  readonly podIp: string;
  readonly hostIp: string;
  readonly nodeName: string;
}

const PLAIN: Readonly<Record<string, (facts: FieldFacts) => string | undefined>> = {
  'metadata.name': ({ pod }) => pod.metadata.name,
  'metadata.namespace': ({ pod }) => pod.metadata.namespace,
  'metadata.uid': ({ pod }) => pod.metadata.uid,
  'spec.nodeName': ({ nodeName }) => nodeName,
  'spec.serviceAccountName': ({ pod }) => pod.spec.serviceAccountName,
  'status.podIP': ({ podIp }) => podIp,
  'status.podIPs': ({ podIp }) => podIp,
  'status.hostIP': ({ hostIp }) => hostIp,
};

const KEYED = /^metadata\.(labels|annotations)\['([^']+)'\]$/;

/** The downward API's fields that an environment variable may name. A label that is not there is the empty string. */
export function fieldValue(path: string, facts: FieldFacts): string {
  if (Object.hasOwn(PLAIN, path)) return PLAIN[path]?.(facts) ?? '';
  const [, map, key] = KEYED.exec(path) ?? [];
  if (map === 'labels' || map === 'annotations') return facts.pod.metadata[map]?.[key ?? ''] ?? '';
  throw new WeftError('CreateContainerConfigError', `fieldPath "${path}" is not supported`, {
    remedy: `use one of ${Object.keys(PLAIN).join(', ')}, metadata.labels['KEY'], metadata.annotations['KEY']`,
  });
}
