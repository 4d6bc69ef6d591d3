import { describe, expect, test } from 'vitest';
import { hashText } from './hash.ts';
import type { HashMember, HashTable } from './hash-table.ts';
import { buildMaglev } from './maglev.ts';
import { buildRing } from './ring.ts';

const RING = { minimumRingSize: 1024, maximumRingSize: 8_388_608 };
const KEYS = Array.from({ length: 20_000 }, (_, i) => hashText(`user-${i}`, 7));

const membersOf = (weights: readonly number[]): HashMember[] =>
  weights.map((weight, i) => ({ key: `10.0.0.${i + 1}:80`, weight }));

/** Who each key belongs to, by name. */
function ownersOf(members: readonly HashMember[], table: HashTable): string[] {
  return KEYS.map((key) => members[table.owner(key, 0)]!.key);
}

const BUILDERS: readonly [string, (members: readonly HashMember[]) => HashTable][] = [
  ['ring hash', (members) => buildRing(members, RING)],
  ['maglev', (members) => buildMaglev(members, 65_537)],
];

describe.each(BUILDERS)('%s', (_name, build) => {
  test.each([2, 3, 4, 5, 8, 10, 33])(
    'moves at most 1/n + 2 points of the keys when one of %i endpoints leaves',
    (count) => {
      const before = membersOf(Array<number>(count).fill(1));
      for (const leaving of [0, Math.floor(count / 2), count - 1]) {
        const after = before.filter((_, i) => i !== leaving);
        const [then, now] = [ownersOf(before, build(before)), ownersOf(after, build(after))];
        const moved = then.filter((owner, i) => owner !== now[i]).length / KEYS.length;
        expect(moved).toBeLessThanOrEqual(1 / count + 0.02);
      }
    },
  );

  test('deals keys by weight', () => {
    const members = membersOf([1, 2, 3, 4]);
    const owners = ownersOf(members, build(members));
    members.forEach(({ key, weight }) => {
      const share = owners.filter((owner) => owner === key).length / KEYS.length;
      expect(Math.abs(share - weight / 10)).toBeLessThan(0.04);
    });
  });

  test('leaves nobody out, however light', () => {
    const members = membersOf([1, 1000]);
    expect(new Set(ownersOf(members, build(members))).size).toBe(2);
  });

  test('does not depend on the order of the endpoints', () => {
    const members = membersOf([1, 1, 1, 1, 1]);
    const turned = members.toReversed();
    const [a, b] = [ownersOf(members, build(members)), ownersOf(turned, build(turned))];
    expect(a.filter((owner, i) => owner !== b[i]).length / KEYS.length).toBeLessThan(0.05);
  });

  test('names other endpoints in later turns', () => {
    const members = membersOf([1, 1, 1]);
    const table = build(members);
    for (const key of KEYS.slice(0, 50)) {
      const seen = new Set(Array.from({ length: 64 }, (_, turn) => table.owner(key, turn)));
      expect(seen.size).toBe(3);
    }
  });
});

describe('ring hash', () => {
  test('moves the keys of the endpoint that leaves, and no other', () => {
    const before = membersOf(Array<number>(10).fill(1));
    const after = before.slice(1);
    const [then, now] = [ownersOf(before, buildRing(before, RING)), ownersOf(after, buildRing(after, RING))];
    then.forEach((owner, i) => {
      if (owner !== before[0]!.key) expect(now[i]).toBe(owner);
    });
  });

  test.each([
    ['one point each at the least', 4],
    ['as many as fit', 100],
  ])('keeps to its maximum size: %s', (_name, maximumRingSize) => {
    const members = membersOf(Array<number>(10).fill(1));
    const table = buildRing(members, { minimumRingSize: 1, maximumRingSize });
    expect(new Set(ownersOf(members, table)).size).toBe(10);
  });
});
