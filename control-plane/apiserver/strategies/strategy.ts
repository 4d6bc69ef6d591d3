import type { Mistake } from '#api/kinds/kind.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';

/**
 * What the server does with one kind beyond schema and metadata: Kubernetes' rest strategies. Pure; the objects handed
 * in are validated and never changed in place.
 */
export interface Strategy<T extends KubeObject = KubeObject> {
  /** Rewrites raw input before it is validated. Whatever the input is, it must not throw. */
  readonly normalise?: (input: Readonly<Record<string, unknown>>) => Record<string, unknown>;
  /** Members that the server sets on a new object. Its status is already removed unless `keepsStatusOnCreate`. */
  readonly prepareForCreate?: (object: T) => T;
  /** Members that the server carries over from the stored object. */
  readonly prepareForUpdate?: (object: T, old: Stored<T>) => T;
  /** Changes that are not allowed. */
  readonly checkUpdate?: (object: T, old: Stored<T>) => Mistake[];
  /** Finalizers that live outside the metadata; they hold the object back as well. */
  readonly finalizersInSpec?: (object: T) => readonly string[];
  readonly keepsStatusOnCreate?: boolean;
  /** Why this object may never be deleted. */
  readonly refuseDeletion?: (name: string) => string | undefined;
}
