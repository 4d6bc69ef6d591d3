import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { KeptWhileUsed } from './kept-while-used.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

interface Thing {
  readonly name: string;
}

const nameOf = ({ name }: Thing): string => name;

test('the same key finds the same thing', () => {
  const kept = new KeptWhileUsed<Thing, string>(2, nameOf, () => {});
  const first = kept.find('a', () => ({ name: 'a' }));
  expect(kept.find('a', () => ({ name: 'other' }))).toBe(first);
});

test('what is used stays, what was asked for last stays, the rest is forgotten and told', async () => {
  const forgotten: string[] = [];
  const kept = new KeptWhileUsed<Thing, string>(2, nameOf, (name) => forgotten.push(name));
  const find = (name: string): Thing => kept.find(name, () => ({ name }));
  const used = find('used');
  for (const name of ['b', 'c', 'd', 'e']) find(name);
  for (let i = 0; i < 100 && kept.all().length > 3; i += 1) {
    await turn();
    collect();
  }
  expect(kept.all()).toEqual(['used', 'd', 'e']);
  expect(forgotten).toEqual(['b', 'c']);
  expect(find('used')).toBe(used);
});
