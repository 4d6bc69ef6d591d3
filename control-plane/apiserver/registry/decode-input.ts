import { type AnyKind, apiVersionOf } from '#api/kinds/kind.ts';
import type { KubeObject } from '#api/kinds/meta.ts';
import { validate } from '#api/kinds/validate.ts';
import { strategyOf } from '../strategies/strategies.ts';
import { requireShallow } from './depth.ts';
import { badRequest, invalid } from './statuses.ts';

/** Decodes, defaults and checks one object that a client sent. Throws `BadRequest` or `Invalid` with every mistake. */
export function decodeInput(kind: AnyKind, input: unknown, name?: string): KubeObject {
  const normal = strategyOf(kind).normalise?.(asStored(kind, input)) ?? asStored(kind, input);
  const verdict = validate(kind, normal);
  if (!verdict.ok) throw invalid(kind, name ?? nameIn(normal), verdict.mistakes);
  return verdict.object as KubeObject;
}

/** The object under the stored version. Absent `apiVersion` and `kind` are those of the request. */
function asStored(kind: AnyKind, input: unknown): Record<string, unknown> {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw badRequest('the body of the request is not an object');
  }
  requireShallow(input);
  const object = input as Record<string, unknown>;
  const served = kind.versions.map((version) => apiVersionOf(kind, version));
  const { apiVersion = served[0], kind: kindName = kind.kind } = object;
  if (!served.includes(apiVersion as string)) {
    throw badRequest(
      `the API version in the data (${String(apiVersion)}) does not match the expected API version (${served.join(' or ')})`,
    );
  }
  if (kindName !== kind.kind) {
    throw badRequest(
      `the kind in the data (${String(kindName)}) does not match the expected kind (${kind.kind})`,
    );
  }
  return { ...object, apiVersion: served[0], kind: kind.kind };
}

function nameIn(object: Record<string, unknown>): string {
  const metadata = object['metadata'] as { name?: unknown; generateName?: unknown } | null | undefined;
  const name = metadata?.name ?? metadata?.generateName;
  return typeof name === 'string' ? name : '';
}
