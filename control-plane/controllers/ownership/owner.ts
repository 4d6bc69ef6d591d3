import { type AnyKind, apiVersionOf } from '#api/kinds/kind.ts';
import type { KubeObject, ObjectMeta, OwnerReference, Stored } from '#api/kinds/meta.ts';

/** The one owner that manages this object, if any. */
export function controllerOf(object: { readonly metadata: ObjectMeta }): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** The reference by which `owner` manages an object; deletion in the foreground waits for such objects. */
export function controllerReference(kind: AnyKind, owner: Stored<KubeObject>): OwnerReference {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Index values: uids of all owners. */
export function ownerUids(object: { readonly metadata: ObjectMeta }): string[] {
  return (object.metadata.ownerReferences ?? []).map((reference) => reference.uid);
}

/** Index values: the namespace of an object that nothing manages. */
export function orphanNamespace(object: { readonly metadata: ObjectMeta }): string[] {
  return controllerOf(object) === undefined ? [object.metadata.namespace ?? ''] : [];
}
