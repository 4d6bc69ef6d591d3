import type { AnyKind, Mistake } from '#api/kinds/kind.ts';
import type { KubeObject, LabelSelector, Stored } from '#api/kinds/meta.ts';
import { isRecord } from '../patches/merge-patch.ts';
import { badRequest, invalid, modified } from './statuses.ts';

/** autoscaling/v1 Scale: the `scale` subresource of everything that has replicas. */
export interface Scale {
  readonly apiVersion: 'autoscaling/v1';
  readonly kind: 'Scale';
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
  };
  readonly spec: { readonly replicas: number };
  readonly status: { readonly replicas: number; readonly selector: string };
}

interface Scalable {
  readonly spec: { readonly replicas: number; readonly selector: LabelSelector };
  readonly status?: { readonly replicas?: number };
}

export function scaleOf(object: Stored<KubeObject>): Scale {
  const { spec, status } = object as unknown as Scalable;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name, ...(namespace && { namespace }), uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec.replicas },
    status: { replicas: status?.replicas ?? 0, selector: selectorText(spec.selector) },
  };
}

/** The scaled object with the replicas of a Scale. Throws `BadRequest`, `Invalid` or `Conflict`. */
export function admitScale(kind: AnyKind, current: Stored<KubeObject>, scale: unknown): KubeObject {
  if (!isRecord(scale) || (scale['kind'] ?? 'Scale') !== 'Scale') {
    throw badRequest('the body of the request is not a Scale');
  }
  const spec = isRecord(scale['spec']) ? scale['spec'] : {};
  const metadata = isRecord(scale['metadata']) ? scale['metadata'] : {};
  const seen = metadata['resourceVersion'];
  if (seen !== undefined && seen !== '' && seen !== current.metadata.resourceVersion) {
    throw modified(kind, current.metadata.name);
  }
  const replicas = spec['replicas'] ?? 0;
  const mistakes = replicasMistakes(replicas);
  if (mistakes.length > 0) throw invalid(kind, current.metadata.name, mistakes);
  return { ...current, spec: { ...(current as unknown as Scalable).spec, replicas } } as KubeObject;
}

function replicasMistakes(replicas: unknown): Mistake[] {
  return Number.isInteger(replicas) && (replicas as number) >= 0
    ? []
    : [{ path: 'spec.replicas', message: 'must be a whole number, 0 or more' }];
}

/** A selector in the syntax of the query parameter. */
function selectorText(selector: LabelSelector): string {
  const labels = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator.toLowerCase()} (${values.join(',')})`;
  });
  return [...labels, ...expressions].join(',');
}
