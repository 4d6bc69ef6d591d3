import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import type { Change, Entry } from '../../store/store.ts';
import { tooLarge } from './statuses.ts';

/**
 * One version of one object: decoded once, frozen, and encoded once for everybody who reads or watches it. Frozen,
 * because the same object is handed to every controller: who wants another one makes a copy.
 */
export class ObjectVersion {
  readonly object: Stored<KubeObject>;
  readonly revision: number;
  #text: string | undefined;

  constructor(object: Stored<KubeObject>, revision: number) {
    this.object = object;
    this.revision = revision;
  }

  /** JSON under the asked version; the stored version's text is kept. */
  text(apiVersion: string): string {
    if (apiVersion !== this.object.apiVersion) return JSON.stringify({ ...this.object, apiVersion });
    this.#text ??= JSON.stringify(this.object);
    return this.#text;
  }
}

/** Decodes stored text. The resourceVersion is not in the text: it is the revision. */
export function decodeVersion(value: string, revision: number): ObjectVersion {
  const object = JSON.parse(value) as Stored<KubeObject>;
  object.metadata.resourceVersion = String(revision);
  return new ObjectVersion(deepFreeze(object), revision);
}

/** etcd's limit of a request, and so Kubernetes' of an object. Patches cannot make one grow beyond it. */
const MAX_OBJECT_BYTES = 1.5 * 1024 * 1024;

/** The text that the store keeps. Throws an ApiError `RequestEntityTooLarge`. */
export function encodeForStore(object: KubeObject): string {
  const { resourceVersion: _, ...metadata } = object.metadata;
  const text = JSON.stringify({ ...object, metadata });
  if (Buffer.byteLength(text) > MAX_OBJECT_BYTES) throw tooLarge('the object', MAX_OBJECT_BYTES);
  return text;
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}

/** A change of the store, decoded. */
export interface DecodedChange {
  /** The object after the change; of a deletion, the last one under the deletion's revision. */
  readonly now: ObjectVersion;
  /** The object before, under the change's revision: what a watch says of an object that its selector lost. */
  before(): ObjectVersion | undefined;
}

export interface ObjectVersions {
  ofEntry(entry: Entry): ObjectVersion;
  ofChange(change: Change): DecodedChange;
  /** Drops what is remembered of a key that was deleted at `revision`. */
  forget(key: string, revision: number): void;
}

/** Remembers the decoded present version of every key, and the decoded form of changes that several watchers see. */
export function createObjectVersions(): ObjectVersions {
  const present = new Map<string, ObjectVersion>();
  const changes = new WeakMap<Change, DecodedChange>();

  const ofEntry = ({ key, value, revision }: Entry): ObjectVersion => {
    const known = present.get(key);
    if (known?.revision === revision) return known;
    const decoded = decodeVersion(value, revision);
    if (known === undefined || known.revision < revision) present.set(key, decoded);
    return decoded;
  };
  const forget = (key: string, revision: number): void => {
    if ((present.get(key)?.revision ?? revision) < revision) present.delete(key);
  };
  const decode = (change: Change): DecodedChange => {
    const { type, key, value, previous, revision } = change;
    if (type === 'delete') forget(key, revision);
    let before: ObjectVersion | undefined;
    return {
      now: type === 'put' ? ofEntry(change) : decodeVersion(value, revision),
      before() {
        if (previous !== undefined) before ??= decodeVersion(previous, revision);
        return before;
      },
    };
  };

  return {
    ofEntry,
    forget,
    ofChange(change) {
      const known = changes.get(change);
      if (known !== undefined) return known;
      const decoded = decode(change);
      changes.set(change, decoded);
      return decoded;
    },
  };
}
