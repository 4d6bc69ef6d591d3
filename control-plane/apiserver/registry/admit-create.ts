import type { AnyKind } from '#api/kinds/kind.ts';
import type { KubeObject, ObjectMeta } from '#api/kinds/meta.ts';
import { strategyOf } from '../strategies/strategies.ts';
import { decodeInput } from './decode-input.ts';
import { badRequest } from './statuses.ts';

export interface Birth {
  /** RFC 3339, whole seconds. */
  readonly now: string;
  readonly uid: string;
  /** Appended to `generateName`. */
  readonly suffix: string;
}

/** A new object as it is stored: validated, with the members that the server owns. Pure. */
export function admitCreate(
  kind: AnyKind,
  namespace: string | undefined,
  input: unknown,
  birth: Birth,
): KubeObject {
  const object = decodeInput(kind, input);
  if (object.metadata.resourceVersion !== undefined && object.metadata.resourceVersion !== '') {
    throw badRequest('resourceVersion should not be set on objects to be created');
  }
  const strategy = strategyOf(kind);
  const { status: _, ...bare } = object as KubeObject & { status?: unknown };
  const clean = kind.subresources.includes('status') && !strategy.keepsStatusOnCreate ? bare : object;
  const metadata = birthMetadata(object.metadata, namespaceOf(kind, namespace, object), birth);
  const born = { ...clean, metadata: { ...metadata, ...('spec' in clean ? { generation: 1 } : {}) } };
  return strategy.prepareForCreate?.(born) ?? born;
}

function birthMetadata(given: ObjectMeta, namespace: string | undefined, birth: Birth): ObjectMeta {
  const { labels, annotations, ownerReferences, finalizers, generateName } = given;
  const name =
    given.name === undefined || given.name === '' ? `${generateName ?? ''}${birth.suffix}` : given.name;
  return {
    name,
    ...(generateName && { generateName }),
    ...(namespace !== undefined && { namespace }),
    uid: birth.uid,
    creationTimestamp: birth.now,
    ...(labels && { labels }),
    ...(annotations && { annotations }),
    ...(ownerReferences && { ownerReferences }),
    ...(finalizers && { finalizers }),
  };
}

/** The namespace of the request, or of the object when the request names none; the two must agree. */
export function namespaceOf(
  kind: AnyKind,
  requested: string | undefined,
  object: KubeObject,
): string | undefined {
  if (!kind.namespaced) return undefined;
  const own = object.metadata.namespace;
  if (requested !== undefined && own !== undefined && own !== '' && own !== requested) {
    throw badRequest(
      `the namespace of the provided object (${own}) does not match the namespace sent on the request (${requested})`,
    );
  }
  const namespace = requested ?? own;
  if (namespace === undefined || namespace === '') {
    throw badRequest('an empty namespace may not be set during creation');
  }
  return namespace;
}
