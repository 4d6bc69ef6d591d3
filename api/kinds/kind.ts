import type { z } from 'zod';
import type { KubeObject } from './meta.ts';

/** One mistake in an object: where (`spec.ports[0].port`) and what, as `Status.details.causes` reports it. */
export interface Mistake {
  readonly path: string;
  readonly message: string;
}

/** A short named rule that a schema cannot say. Pure; returns every breach. */
export interface Check<T> {
  readonly name: string;
  readonly check: (object: T) => Mistake[];
}

/** A column of kubectl's table output. */
export interface Column<T> {
  readonly name: string;
  /** `wide` columns appear with `-o wide` only (priority 1). */
  readonly wide?: boolean;
  readonly type?: 'string' | 'integer' | 'date';
  readonly value: (object: T, nowMs: number) => string | number;
}

/** Everything that is known of one resource type. */
export interface Kind<T extends KubeObject = KubeObject> {
  /** API group; '' is the core group. */
  readonly group: string;
  /** Served versions, the stored one first. */
  readonly versions: readonly [string, ...string[]];
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** Subresources beside the object itself. */
  readonly subresources: readonly ('status' | 'scale' | 'log' | 'exec' | 'binding' | 'eviction')[];
  readonly schema: z.ZodType<T>;
  readonly checks: readonly Check<T>[];
  readonly columns: readonly Column<T>[];
}

/** A kind whose object type does not matter to the caller. */
// biome-ignore lint/suspicious/noExplicitAny: checks and columns are contravariant in the object type
export type AnyKind = Kind<any>;

/** `v1`, or `group/version`: the stored version. */
export function apiVersionOf(kind: AnyKind, version: string = kind.versions[0]): string {
  return kind.group === '' ? version : `${kind.group}/${version}`;
}

/** Fills in the members that most kinds leave empty. */
export function defineKind<T extends KubeObject>(
  kind: Pick<Kind<T>, 'kind' | 'plural' | 'schema'> & Partial<Kind<T>>,
): Kind<T> {
  return {
    group: '',
    versions: ['v1'],
    singular: kind.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    subresources: [],
    checks: [],
    columns: [],
    ...kind,
  };
}
