import { isDeepStrictEqual } from 'node:util';
import { badRequest, tooLarge, unprocessable } from '../registry/statuses.ts';
import { isRecord } from './merge-patch.ts';

interface Operation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

const OPERATIONS = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);
/** kube-apiserver's limit: a patch is work for the server. */
const MAX_OPERATIONS = 10_000;
/** What all copies of a patch may add up to: copies of copies grow without bound otherwise. */
const MAX_COPIED_BYTES = 3 * 1024 * 1024;

/** JSON patch (RFC 6902). Pure; throws an ApiError `BadRequest` for a malformed patch, `Invalid` for one that does not apply. */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch is a list of operations');
  if (patch.length > MAX_OPERATIONS) {
    throw badRequest(`the JSON patch has ${patch.length} operations; at most ${MAX_OPERATIONS} are allowed`);
  }
  const copies = { bytes: 0 };
  let document = structuredClone(target);
  for (const [i, operation] of patch.entries()) document = apply(document, checked(operation, i), i, copies);
  return document;
}

function checked(operation: unknown, index: number): Operation {
  const { op, path, from } = (isRecord(operation) ? operation : {}) as Record<string, unknown>;
  const needsFrom = op === 'move' || op === 'copy';
  if (!OPERATIONS.has(op as string) || typeof path !== 'string' || (needsFrom && typeof from !== 'string')) {
    throw badRequest(`operation ${index} of the JSON patch is malformed`);
  }
  return operation as Operation;
}

function apply(document: unknown, operation: Operation, index: number, copies: { bytes: number }): unknown {
  const fail = (why: string): never => {
    throw unprocessable(
      `operation ${index} (${operation.op} ${operation.path}) of the JSON patch failed: ${why}`,
    );
  };
  const path = tokensOf(operation.path, fail);
  switch (operation.op) {
    case 'test':
      return isDeepStrictEqual(read(document, path, fail), operation.value)
        ? document
        : fail('the value differs');
    case 'add':
      return change(document, path, fail, (parent, key) =>
        insert(parent, key, structuredClone(operation.value), fail),
      );
    case 'replace':
      read(document, path, fail);
      return change(document, path, fail, (parent, key) =>
        put(parent, key, structuredClone(operation.value)),
      );
    case 'remove':
      read(document, path, fail);
      return change(document, path, fail, remove);
    case 'copy': {
      const copied = structuredClone(read(document, tokensOf(operation.from ?? '', fail), fail));
      copies.bytes += JSON.stringify(copied).length;
      if (copies.bytes > MAX_COPIED_BYTES) throw tooLarge('what the JSON patch copies', MAX_COPIED_BYTES);
      return change(document, path, fail, (parent, key) => insert(parent, key, copied, fail));
    }
    case 'move': {
      const from = tokensOf(operation.from ?? '', fail);
      const moved = read(document, from, fail);
      const without = change(document, from, fail, remove);
      return change(without, path, fail, (parent, key) => insert(parent, key, moved, fail));
    }
  }
}

type Fail = (why: string) => never;
type Parent = Record<string, unknown> | unknown[];

/** JSON pointer (RFC 6901). */
function tokensOf(pointer: string, fail: Fail): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) return fail(`"${pointer}" is not a JSON pointer`);
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(document: unknown, path: readonly string[], fail: Fail): unknown {
  let value = document;
  for (const token of path) {
    if (Array.isArray(value) && /^\d+$/.test(token) && Number(token) < value.length)
      value = value[Number(token)];
    else if (isRecord(value) && Object.hasOwn(value, token)) value = value[token];
    else return fail('there is nothing at that path');
  }
  return value;
}

function change(
  document: unknown,
  path: readonly string[],
  fail: Fail,
  edit: (parent: Parent, key: string) => void,
): unknown {
  const root = { document };
  const steps = ['document', ...path];
  const parent = read(root, steps.slice(0, -1), fail);
  if (!Array.isArray(parent) && !isRecord(parent)) return fail('its parent is neither an object nor a list');
  edit(parent, steps.at(-1) ?? '');
  return root.document;
}

function insert(parent: Parent, key: string, value: unknown, fail: Fail): void {
  if (!Array.isArray(parent)) {
    put(parent, key, value);
    return;
  }
  const index = key === '-' ? parent.length : Number(key);
  if ((key !== '-' && !/^\d+$/.test(key)) || index > parent.length) fail('no such place in the list');
  parent.splice(index, 0, value);
}

/** By definition, not by assignment: a key may be `__proto__`. */
function put(parent: Parent, key: string, value: unknown): void {
  if (Array.isArray(parent)) parent[Number(key)] = value;
  else Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

function remove(parent: Parent, key: string): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
}
