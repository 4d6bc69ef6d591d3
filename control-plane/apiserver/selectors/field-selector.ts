import type { AnyKind } from '#api/kinds/kind.ts';
import type { KubeObject } from '#api/kinds/meta.ts';
import { badRequest } from '../registry/statuses.ts';

export type FieldMatcher = (object: KubeObject) => boolean;

const EVERY_KIND = ['metadata.name', 'metadata.namespace'];

/** What can be selected beside name and namespace, as in Kubernetes: unknown fields are refused, never ignored. */
const BY_KIND: Readonly<Record<string, readonly string[]>> = {
  Pod: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.serviceAccountName',
    'spec.schedulerName',
    'status.phase',
    'status.podIP',
  ],
  Event: [
    'involvedObject.apiVersion',
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'type',
    'source.component',
    'reportingComponent',
  ],
  Namespace: ['status.phase'],
  Node: ['spec.unschedulable'],
  ReplicaSet: ['status.replicas'],
  Secret: ['type'],
  Service: ['spec.clusterIP', 'spec.type'],
};

interface Term {
  readonly path: readonly string[];
  readonly value: string;
  readonly equal: boolean;
}

/** Parses `metadata.name=x,spec.nodeName!=y`. Throws an ApiError `BadRequest` for syntax and for fields that cannot be selected. */
export function fieldMatcher(kind: AnyKind, text: string | undefined): FieldMatcher {
  if (text === undefined || text.trim() === '') return () => true;
  const terms = text.split(/(?<!\\),/).map((term) => parseTerm(kind, term));
  return (object) => terms.every((term) => (valueAt(object, term.path) === term.value) === term.equal);
}

function parseTerm(kind: AnyKind, term: string): Term {
  const match = /^\s*([A-Za-z.]+)\s*(!=|==|=)\s*(.*?)\s*$/s.exec(term);
  if (match?.[1] === undefined) {
    throw badRequest(`invalid field selector "${term}": use field=value or field!=value`);
  }
  const supported = [...EVERY_KIND, ...(BY_KIND[kind.kind] ?? [])];
  if (!supported.includes(match[1])) {
    throw badRequest(
      `field label not supported: ${match[1]}; ${kind.plural} can be selected by ${supported.join(', ')}`,
    );
  }
  const value = (match[3] ?? '').replace(/\\([\\,=])/g, '$1');
  return { path: match[1].split('.'), value, equal: match[2] !== '!=' };
}

/** Absent fields compare as the empty text, as in Kubernetes. */
function valueAt(object: unknown, path: readonly string[]): string {
  let value = object;
  for (const member of path) value = (value as Record<string, unknown> | undefined)?.[member];
  return value === undefined ? '' : String(value);
}
