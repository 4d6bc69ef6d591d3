/**
 * Maglev (Eisenbud et al., NSDI 2016, section 3.4), with weights as in Envoy: a table in which each endpoint takes
 * entries in its own order, turn by turn; a lighter endpoint sits out turns. One look-up, even shares, and few keys move.
 */
import { hashText, mix, rehash } from './hash.ts';
import type { HashMember, HashTable } from './hash-table.ts';

const FREE = 0xffff_ffff;

/** `members` is not empty, `tableSize` is prime. */
export function buildMaglev(members: readonly HashMember[], tableSize: number): HashTable {
  const heaviest = members.reduce((most, { weight }) => Math.max(most, weight), 1);
  const rows = members.map((member) => rowOf(member, tableSize));
  const table = new Uint32Array(tableSize).fill(FREE);
  let filled = 0;
  for (let turn = 1; filled < tableSize; turn += 1) {
    for (let i = 0; i < rows.length && filled < tableSize; i += 1) {
      const row = rows[i]!;
      if (turn * row.weight < row.due) continue;
      row.due += heaviest;
      take(row, table, i);
      filled += 1;
    }
  }
  return { owner: (hash, turn) => table[(turn === 0 ? mix(hash) : rehash(hash, turn)) % tableSize]! };
}

/** An endpoint's order of preference: from `at` in steps of `skip`, which meets every entry as the size is prime. */
interface Row {
  at: number;
  readonly skip: number;
  readonly weight: number;
  /** It takes an entry once its weight times the turn has reached this. */
  due: number;
}

function rowOf({ key, weight }: HashMember, tableSize: number): Row {
  const skip = (hashText(key, 1) % Math.max(1, tableSize - 1)) + 1;
  return { at: hashText(key, 0) % tableSize, skip, weight, due: 0 };
}

/** Takes the first free entry in the row's order. */
function take(row: Row, table: Uint32Array, owner: number): void {
  while (table[row.at] !== FREE) row.at = (row.at + row.skip) % table.length;
  table[row.at] = owner;
}
