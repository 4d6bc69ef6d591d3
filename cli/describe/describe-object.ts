/**
 * One object in words: what stands at its top, then what its kind finds most telling, then the rest of its spec and
 * status as an outline.
 */
import type { AnyKind } from '#api/kinds/kind.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import { Pod } from '#api/kinds/pod.ts';
import { ageOf } from '../output/objects.ts';
import { describePod } from './describe-pod.ts';
import { field, mapField, outline } from './lines.ts';

export function describeObject(kind: AnyKind, object: Stored<KubeObject>, nowMs: number): string {
  const { metadata } = object;
  const owner = metadata.ownerReferences?.find((reference) => reference.controller === true);
  const head = [
    field('Name', metadata.name),
    kind.namespaced ? field('Namespace', metadata.namespace) : '',
    field('Created', `${metadata.creationTimestamp} (${ageOf(metadata.creationTimestamp, nowMs)} ago)`),
    metadata.deletionTimestamp === undefined ? '' : field('Deleting since', metadata.deletionTimestamp),
    mapField('Labels', metadata.labels),
    mapField('Annotations', shown(metadata.annotations)),
    owner === undefined ? '' : field('Controlled by', `${owner.kind}/${owner.name}`),
  ];
  const body = kind === Pod ? describePod(object as unknown as Pod, nowMs) : rest(object);
  return head.join('') + body;
}

/** The manifest that kubectl keeps in an annotation says nothing that is not said below. */
function shown(annotations: Readonly<Record<string, string>> | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations ?? {}).filter(([key]) => !key.endsWith('/last-applied-configuration')),
  );
}

function rest(object: KubeObject): string {
  const {
    apiVersion: _a,
    kind: _k,
    metadata: _m,
    ...members
  } = object as KubeObject & Record<string, unknown>;
  const hidden = object.kind === 'Secret' ? withoutValues(members) : members;
  return outline(hidden);
}

/** Secrets are told by the size of each value. */
function withoutValues(members: Record<string, unknown>): Record<string, unknown> {
  const sizes = (data: unknown): unknown =>
    typeof data === 'object' && data !== null
      ? Object.fromEntries(
          Object.entries(data).map(([key, value]) => [
            key,
            `${Buffer.from(String(value), 'base64').length} bytes`,
          ]),
        )
      : data;
  const { stringData: _stringData, ...kept } = members;
  return { ...kept, data: sizes(members['data']) };
}
