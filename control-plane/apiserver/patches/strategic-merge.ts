/**
 * Strategic merge patch: kubectl's and the client libraries' default for built-in kinds. Lists whose elements have a
 * merge key are merged element by element. The keys are those of Kubernetes' API (`patchMergeKey` in its types),
 * for the lists that weft's kinds have; every other list is replaced whole.
 */
import { isDeepStrictEqual } from 'node:util';
import { badRequest } from '../registry/statuses.ts';
import { isRecord } from './merge-patch.ts';

const MERGE_KEYS: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  env: ['name'],
  volumes: ['name'],
  volumeMounts: ['mountPath'],
  /** Of containers by `containerPort`, of services by `port`. */
  ports: ['containerPort', 'port'],
  conditions: ['type'],
  ownerReferences: ['uid'],
  addresses: ['type'],
  podIPs: ['ip'],
};
/** Lists of plain values that are merged as sets. */
const SETS = new Set(['finalizers']);
const DIRECTIVE = /^\$(patch|retainKeys|setElementOrder\/|deleteFromPrimitiveList\/)/;

/** Pure; throws an ApiError `BadRequest` for a malformed patch. */
export function strategicMerge(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) throw badRequest('a strategic merge patch is an object');
  return mergeObject(isRecord(target) ? target : {}, patch);
}

function mergeObject(
  target: Readonly<Record<string, unknown>>,
  patch: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  if (patch['$patch'] === 'replace') return withoutDirectives(patch) as Record<string, unknown>;
  if (patch['$patch'] === 'delete') return {};
  const merged = new Map(Object.entries(retained(target, patch['$retainKeys'])));
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$deleteFromPrimitiveList/')) {
      const field = key.slice(key.indexOf('/') + 1);
      merged.set(
        field,
        asList(merged.get(field)).filter((item) => !asList(value).includes(item)),
      );
    } else if (DIRECTIVE.test(key)) {
    } else if (value === null || (isRecord(value) && value['$patch'] === 'delete')) {
      merged.delete(key);
    } else {
      merged.set(key, mergeMember(key, merged.get(key), value, patch[`$setElementOrder/${key}`]));
    }
  }
  return Object.fromEntries(merged);
}

function mergeMember(key: string, old: unknown, value: unknown, order: unknown): unknown {
  if (isRecord(value)) return mergeObject(isRecord(old) ? old : {}, value);
  if (!Array.isArray(value)) return value;
  if (SETS.has(key)) return [...new Set([...asList(old), ...value])];
  const mergeKey = mergeKeyOf(key, [...value, ...asList(old)]);
  return mergeKey === undefined
    ? withoutDirectives(value)
    : mergeList(asList(old), value, mergeKey, asList(order));
}

function mergeKeyOf(field: string, elements: readonly unknown[]): string | undefined {
  const candidates = Object.hasOwn(MERGE_KEYS, field) ? MERGE_KEYS[field] : undefined;
  return candidates?.find((key) => elements.some((element) => isRecord(element) && key in element));
}

function mergeList(
  old: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string,
  order: readonly unknown[],
): unknown[] {
  const whole = patch.some((item) => isRecord(item) && item['$patch'] === 'replace' && !(mergeKey in item));
  const result: unknown[] = whole ? [] : [...old];
  for (const item of patch) {
    if (!isRecord(item))
      throw badRequest(`a list that is merged by ${mergeKey} has an element that is no object`);
    if (!(mergeKey in item)) {
      if (item['$patch'] === 'replace') continue;
      throw badRequest(`an element of a list that is merged by ${mergeKey} does not say its ${mergeKey}`);
    }
    const at = result.findIndex((other) => isRecord(other) && other[mergeKey] === item[mergeKey]);
    if (item['$patch'] === 'delete') {
      if (at !== -1) result.splice(at, 1);
    } else if (at === -1) {
      result.push(mergeObject({}, item));
    } else {
      result[at] = mergeObject(result[at] as Record<string, unknown>, item);
    }
  }
  return ordered(result, order, mergeKey);
}

/** `$setElementOrder`: the named elements in that order; others keep their place behind them. */
function ordered(items: unknown[], order: readonly unknown[], mergeKey: string): unknown[] {
  if (order.length === 0) return items;
  const place = (item: unknown): number => {
    const at = order.findIndex(
      (wanted) => isRecord(wanted) && isRecord(item) && isDeepStrictEqual(wanted[mergeKey], item[mergeKey]),
    );
    return at === -1 ? order.length : at;
  };
  return items.toSorted((a, b) => place(a) - place(b));
}

function retained(target: Readonly<Record<string, unknown>>, keys: unknown): Record<string, unknown> {
  if (!Array.isArray(keys)) return { ...target };
  return Object.fromEntries(Object.entries(target).filter(([key]) => keys.includes(key)));
}

function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, member]) => !DIRECTIVE.test(key) && member !== null)
      .map(([key, member]) => [key, withoutDirectives(member)]),
  );
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
