import type { z } from 'zod';
import type { Kind, Mistake } from './kind.ts';
import type { KubeObject } from './meta.ts';
import { metaChecks } from './meta-checks.ts';

export type Verdict<T> =
  | { readonly ok: true; readonly object: T }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

/**
 * Decodes and checks one object, filling in defaults. Reports every mistake at once, each with its path.
 * `null` members count as absent, as in Kubernetes.
 */
export function validate<T extends KubeObject>(kind: Kind<T>, input: unknown): Verdict<T> {
  const parsed = kind.schema.safeParse(withoutNulls(input));
  if (!parsed.success) return { ok: false, mistakes: parsed.error.issues.flatMap(mistakesOf) };
  const mistakes = [...metaChecks(kind), ...kind.checks].flatMap((check) => check.check(parsed.data));
  return mistakes.length === 0 ? { ok: true, object: parsed.data } : { ok: false, mistakes };
}

/** What zod found, with paths as people write them. */
export function mistakesOf(issue: z.core.$ZodIssue): Mistake[] {
  const path = pathOf(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: path === '' ? key : `${path}.${key}`,
      message: 'unknown or unsupported field',
    }));
  }
  return [{ path, message: issue.message }];
}

function pathOf(parts: readonly PropertyKey[]): string {
  return parts.reduce<string>((path, part) => {
    if (typeof part === 'number') return `${path}[${part}]`;
    return path === '' ? String(part) : `${path}.${String(part)}`;
  }, '');
}

/** A deep copy without `null` members; nulls inside lists stay, and the schema refuses them. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([key, member]) => [key, withoutNulls(member)]),
  );
}
