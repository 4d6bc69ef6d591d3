import type { HeaderEdits, HeaderLine } from './header-edits.ts';

/** What becomes of one name: whether the message's own lines go, and which lines are written. */
interface Fate {
  cleared: boolean;
  values: readonly string[];
}

/**
 * Edits that do at once what these do one after the other. A later level sees what an earlier one wrote: it may remove
 * or replace it. Undefined when nothing is to be done.
 */
export function mergeHeaderEdits(inOrder: readonly HeaderEdits[]): HeaderEdits | undefined {
  const fates = new Map<string, Fate>();
  for (const { remove, set, add } of inOrder) {
    for (const name of remove) fates.set(name, { cleared: true, values: [] });
    for (const { name, value } of set) fates.set(name, { cleared: true, values: [value] });
    for (const { name, value } of add) {
      const { cleared, values } = fates.get(name) ?? { cleared: false, values: [] };
      fates.set(name, { cleared, values: [...values, value] });
    }
  }
  return fates.size === 0 ? undefined : editsOf(fates);
}

function editsOf(fates: ReadonlyMap<string, Fate>): HeaderEdits {
  const remove: string[] = [];
  const set: HeaderLine[] = [];
  const add: HeaderLine[] = [];
  for (const [name, { cleared, values }] of fates) {
    const [first, ...rest] = values.map((value) => ({ name, value }));
    if (first === undefined) remove.push(name);
    else if (cleared) {
      set.push(first);
      add.push(...rest);
    } else add.push(first, ...rest);
  }
  return { remove, set, add };
}
