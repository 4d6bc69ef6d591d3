import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergePatch } from './three-way.ts';

const patchOf = (last: unknown, wanted: unknown, live: unknown, defaulted: unknown = wanted): unknown =>
  mergePatch({ last, wanted, defaulted, live });

describe('the three-way merge', () => {
  test.each([
    ['nothing to change', { a: 1 }, { a: 1 }, { a: 1, b: 2 }, undefined],
    ['a changed member', { a: 1 }, { a: 2 }, { a: 1 }, { a: 2 }],
    ['a new member', {}, { a: 1 }, {}, { a: 1 }],
    ['a member that is not wanted any more', { a: 1, b: 1 }, { a: 1 }, { a: 1, b: 1 }, { b: null }],
    ['a member that is gone already', { a: 1, b: 1 }, { a: 1 }, { a: 1 }, undefined],
    ['what others set stays', { a: 1 }, { a: 1 }, { a: 1, theirs: { x: 1 } }, undefined],
    [
      'deep changes',
      { s: { x: 1, y: 1 } },
      { s: { x: 2 } },
      { s: { x: 1, y: 1, z: 1 } },
      { s: { x: 2, y: null } },
    ],
    ['a list is replaced as a whole', { l: [1] }, { l: [1, 2] }, { l: [1] }, { l: [1, 2] }],
    ['a value becomes a map', { a: 1 }, { a: { b: 1 } }, { a: 1 }, { a: { b: 1 } }],
    ['a null asks for removal', {}, { a: null }, { a: 1 }, { a: null }],
    ['a null of what is not there', {}, { a: null }, {}, undefined],
  ])('%s', (_name, last, wanted, live, patch) => {
    expect(patchOf(last, wanted, live)).toEqual(patch);
  });

  test('compares lists with the defaults that the server filled in', () => {
    const wanted = { ports: [{ port: 80 }] };
    const defaulted = { ports: [{ port: 80, protocol: 'TCP' }] };
    expect(patchOf(wanted, wanted, defaulted, defaulted)).toBeUndefined();
  });

  const json = fc.jsonValue({ maxDepth: 3 });
  const object = fc.dictionary(fc.stringMatching(/^[a-d]$/), json, { maxKeys: 4 });

  test('leaves an object alone that is as it was applied', () => {
    fc.assert(
      fc.property(object, (wanted) => patchOf(wanted, wanted, wanted) === undefined || hasNull(wanted)),
    );
  });

  test('leads to an object that needs no second patch', () => {
    fc.assert(
      fc.property(object, object, object, (last, wanted, live) => {
        const merged = merge(live, patchOf(last, wanted, live));
        return patchOf(wanted, wanted, merged) === undefined;
      }),
    );
  });
});

function hasNull(value: unknown): boolean {
  return JSON.stringify(value).includes('null');
}

/** RFC 7396. */
function merge(target: unknown, patch: unknown): unknown {
  if (patch === undefined) return target;
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof target === 'object' && target !== null && !Array.isArray(target) ? target : {};
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(merged[key], value);
  }
  return merged;
}
