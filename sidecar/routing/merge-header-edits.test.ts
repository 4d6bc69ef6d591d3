import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HeaderEdits, HeaderLine } from './header-edits.ts';
import { mergeHeaderEdits } from './merge-header-edits.ts';

const name = fc.constantFrom('a', 'b', 'c');
const line = fc.record({ name, value: fc.constantFrom('1', '2', '3') });
const edits = fc.record({ remove: fc.array(name), set: fc.array(line), add: fc.array(line) });

/** The contract of HeaderEdits, word by word. */
function apply(lines: readonly HeaderLine[], { remove, set, add }: HeaderEdits): readonly HeaderLine[] {
  const kept = lines.filter((each) => !remove.includes(each.name));
  const replaced = set.reduce((all, one) => [...all.filter((each) => each.name !== one.name), one], kept);
  return [...replaced, ...add];
}

/** The values of each name, in order: the order of different names means nothing (RFC 9110, section 5.3). */
function valuesOf(lines: readonly HeaderLine[]): Record<string, string[]> {
  const values: Record<string, string[]> = {};
  for (const each of lines) values[each.name] = [...(values[each.name] ?? []), each.value];
  return values;
}

test('does at once what the levels do one after the other', () => {
  fc.assert(
    fc.property(fc.array(line), fc.array(edits, { maxLength: 4 }), (lines, levels) => {
      const merged = mergeHeaderEdits(levels) ?? { remove: [], set: [], add: [] };
      expect(valuesOf(apply(lines, merged))).toEqual(valuesOf(levels.reduce(apply, lines)));
      const changed = [...merged.remove, ...merged.set.map((each) => each.name)];
      expect(new Set(changed).size).toBe(changed.length);
    }),
  );
});

test('nothing to do is undefined', () => {
  expect(mergeHeaderEdits([])).toBeUndefined();
  expect(mergeHeaderEdits([{ remove: [], set: [], add: [] }])).toBeUndefined();
});
