import type { AnyKind, Mistake } from '#api/kinds/kind.ts';
import type { KubeObject, ObjectMeta, Stored } from '#api/kinds/meta.ts';
import { sameJson } from '../strategies/immutable.ts';
import { strategyOf } from '../strategies/strategies.ts';
import { namespaceOf } from './admit-create.ts';
import { decodeInput } from './decode-input.ts';
import { badRequest, conflict, invalid, modified } from './statuses.ts';

type Current = Stored<KubeObject> & { readonly status?: unknown };

/** What an update makes of the stored object: spec and metadata from the input, status and server's members kept. Pure. */
export function admitUpdate(kind: AnyKind, current: Current, input: unknown): KubeObject {
  const strategy = strategyOf(kind);
  const { name } = current.metadata;
  const decoded = decodeInput(kind, input, name);
  requireSameObject(kind, current, decoded);
  const metadata = updatedMetadata(current, decoded.metadata);
  const withStatus = kind.subresources.includes('status') ? keepStatus(decoded, current) : decoded;
  const candidate: KubeObject = { ...withStatus, metadata };
  const prepared: KubeObject = strategy.prepareForUpdate?.(candidate, current) ?? candidate;
  const mistakes = [
    ...(strategy.checkUpdate?.(prepared, current) ?? []),
    ...newFinalizers(current, metadata),
  ];
  if (mistakes.length > 0) throw invalid(kind, name, mistakes);
  return withGeneration(prepared, current);
}

/** What a status update makes of the stored object: its status alone. Pure. */
export function admitStatus(kind: AnyKind, current: Current, input: unknown): KubeObject {
  const { status, metadata } = asObject(input);
  const { resourceVersion: _, ...kept } = current.metadata;
  requireSameObject(kind, current, { ...current, metadata: asObject(metadata) as ObjectMeta });
  const decoded = decodeInput(kind, { ...current, status }, current.metadata.name) as KubeObject & {
    status?: unknown;
  };
  const { status: __, ...rest } = current;
  return { ...rest, metadata: kept, ...(decoded.status === undefined ? {} : { status: decoded.status }) };
}

function asObject(value: unknown): Record<string, unknown> {
  if (value === undefined) return {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw badRequest('the body of the request is not an object');
}

/** Same name, namespace and uid, and the resourceVersion that the client saw, when it names one. */
function requireSameObject(kind: AnyKind, current: Current, given: KubeObject): void {
  const { name, namespace, uid, resourceVersion } = current.metadata;
  const { metadata } = given;
  if (metadata.name !== undefined && metadata.name !== name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the request (${name})`,
    );
  }
  if (namespace !== undefined) namespaceOf(kind, namespace, given);
  if (metadata.uid !== undefined && metadata.uid !== '' && metadata.uid !== uid) {
    throw conflict(
      kind,
      name,
      `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${uid}`,
    );
  }
  const seen = metadata.resourceVersion;
  if (seen !== undefined && seen !== '' && seen !== resourceVersion) throw modified(kind, name);
}

function updatedMetadata(current: Current, given: ObjectMeta): ObjectMeta {
  const { labels, annotations, ownerReferences, finalizers } = given;
  const {
    resourceVersion: _,
    labels: _l,
    annotations: _a,
    ownerReferences: _o,
    finalizers: _f,
    ...own
  } = current.metadata;
  return {
    ...own,
    ...(labels && { labels }),
    ...(annotations && { annotations }),
    ...(ownerReferences && { ownerReferences }),
    ...(finalizers && finalizers.length > 0 && { finalizers }),
  };
}

function keepStatus(object: KubeObject, current: Current): KubeObject {
  const { status: _, ...bare } = object as KubeObject & { status?: unknown };
  return current.status === undefined ? bare : ({ ...bare, status: current.status } as KubeObject);
}

function newFinalizers(current: Current, metadata: ObjectMeta): Mistake[] {
  if (current.metadata.deletionTimestamp === undefined) return [];
  const old = current.metadata.finalizers ?? [];
  const added = (metadata.finalizers ?? []).filter((finalizer) => !old.includes(finalizer));
  return added.length === 0
    ? []
    : [
        {
          path: 'metadata.finalizers',
          message: `Forbidden: no new finalizers can be added if the object is being deleted, found new: ${added.join(', ')}`,
        },
      ];
}

/** The generation counts changes of what is wished for: everything but metadata and status. */
function withGeneration(object: KubeObject, current: Current): KubeObject {
  const { generation } = current.metadata;
  if (generation === undefined || sameJson(wishOf(object), wishOf(current))) return object;
  return { ...object, metadata: { ...object.metadata, generation: generation + 1 } };
}

function wishOf(object: KubeObject): Record<string, unknown> {
  const { metadata: _, status: __, ...wish } = object as KubeObject & { status?: unknown };
  return wish;
}
