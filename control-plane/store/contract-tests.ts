import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Change, Store, WriteResult } from './store.ts';

/** What a store under test is made with: how many revisions it keeps at least before it forgets. */
export interface StoreUnderTest {
  open(options: { keepRevisions?: number }): Promise<Store>;
}

function revisionOf(result: WriteResult): number {
  if (result.outcome !== 'written') throw new Error(`expected a write, got ${result.outcome}`);
  return result.revision;
}

async function take(changes: AsyncIterable<Change>, count: number): Promise<Change[]> {
  const taken: Change[] = [];
  for await (const change of changes) {
    taken.push(change);
    if (taken.length === count) break;
  }
  return taken;
}

/** What every implementation of the store's port must do; each implementation runs it. */
export function storeContract(name: string, underTest: StoreUnderTest): void {
  describe(`${name} keeps the store's contract`, () => {
    let store: Store;
    const { signal } = new AbortController();

    beforeEach(async () => {
      store = await underTest.open({});
    });
    afterEach(() => store.close());

    it('starts at a revision above 0 and raises it by each write', async () => {
      const start = await store.revision();
      expect(start).toBeGreaterThan(0);
      const first = revisionOf(await store.create('/a', '1'));
      expect(first).toBeGreaterThan(start);
      expect(revisionOf(await store.update('/a', '2', first))).toBe(first + 1);
      expect(revisionOf(await store.delete('/a'))).toBe(first + 2);
      expect(await store.revision()).toBe(first + 2);
    });

    it('gives back what was written, and nothing for an unknown key', async () => {
      const revision = revisionOf(await store.create('/a', 'text with \u{1f980}'));
      expect(await store.get('/a')).toEqual({ key: '/a', value: 'text with \u{1f980}', revision });
      expect(await store.get('/b')).toBeUndefined();
    });

    it('refuses to create a key that exists and shows the present entry', async () => {
      const revision = revisionOf(await store.create('/a', '1'));
      expect(await store.create('/a', '2')).toEqual({
        outcome: 'exists',
        current: { key: '/a', value: '1', revision },
      });
    });

    it('updates and deletes only at the expected revision', async () => {
      const first = revisionOf(await store.create('/a', '1'));
      const second = revisionOf(await store.update('/a', '2', first));
      const current = { key: '/a', value: '2', revision: second };
      expect(await store.update('/a', '3', first)).toEqual({ outcome: 'conflict', current });
      expect(await store.delete('/a', first)).toEqual({ outcome: 'conflict', current });
      expect((await store.delete('/a', second)).outcome).toBe('written');
      expect(await store.get('/a')).toBeUndefined();
    });

    it('says that a key is absent', async () => {
      expect(await store.update('/a', '1', 1)).toEqual({ outcome: 'absent' });
      expect(await store.delete('/a')).toEqual({ outcome: 'absent' });
    });

    it('lets exactly one of several concurrent updates win', async () => {
      const revision = revisionOf(await store.create('/a', '0'));
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, i) => store.update('/a', `${i + 1}`, revision)),
      );
      expect(results.filter((result) => result.outcome === 'written')).toHaveLength(1);
      expect(results.filter((result) => result.outcome === 'conflict')).toHaveLength(19);
    });

    it('lists a prefix in key order, and only it', async () => {
      for (const key of ['/b/2', '/a/1', '/b/1', '/b', '/c/1', '/b/10']) await store.create(key, key);
      const { entries, revision } = await store.list('/b/');
      expect(entries.map((entry) => entry.key)).toEqual(['/b/1', '/b/10', '/b/2']);
      expect(revision).toBe(await store.revision());
    });

    it('pages through a list at the revision where it began', async () => {
      for (const name of ['a', 'b', 'c', 'd']) await store.create(`/x/${name}`, 'old');
      const first = await store.list('/x/', { limit: 2 });
      await store.delete('/x/c');
      await store.create('/x/e', 'new');
      const rest = await store.list('/x/', { at: first.revision, from: '/x/b', limit: 10 });
      expect([...first.entries, ...rest.entries].map((entry) => entry.key)).toEqual([
        '/x/a',
        '/x/b',
        '/x/c',
        '/x/d',
      ]);
      expect(rest.revision).toBe(first.revision);
    });

    it('lists values as they were at a revision', async () => {
      const first = revisionOf(await store.create('/a', '1'));
      const second = revisionOf(await store.update('/a', '2', first));
      await store.delete('/a');
      expect((await store.list('/', { at: first })).entries).toEqual([
        { key: '/a', value: '1', revision: first },
      ]);
      expect((await store.list('/', { at: second })).entries[0]?.value).toBe('2');
      expect((await store.list('/')).entries).toEqual([]);
    });

    it('refuses a list at a revision that is yet to come', async () => {
      const revision = await store.revision();
      await expect(store.list('/', { at: revision + 5 })).rejects.toMatchObject({ code: 'FutureRevision' });
    });

    it('watches what comes, in order, each change once with the value before it', async () => {
      const after = await store.revision();
      const seen = take(store.watch('/w/', after, signal), 3);
      const made = revisionOf(await store.create('/w/a', '1'));
      await store.create('/elsewhere', 'x');
      const changed = revisionOf(await store.update('/w/a', '2', made));
      const gone = revisionOf(await store.delete('/w/a'));
      expect(await seen).toEqual([
        { type: 'put', key: '/w/a', value: '1', created: true, revision: made, previous: undefined },
        { type: 'put', key: '/w/a', value: '2', created: false, revision: changed, previous: '1' },
        { type: 'delete', key: '/w/a', value: '2', created: false, revision: gone, previous: '2' },
      ]);
    });

    it('watches from the past on, without a gap to the present', async () => {
      const after = await store.revision();
      for (let i = 0; i < 700; i += 1) await store.create(`/w/${i}`, '');
      const watching = take(store.watch('/w/', after, signal), 800);
      await Promise.all(Array.from({ length: 100 }, (_, i) => store.create(`/w/more-${i}`, '')));
      const seen = await watching;
      expect(new Set(seen.map((change) => change.key)).size).toBe(800);
      expect(seen.map((change) => change.revision)).toEqual(
        seen.map((change) => change.revision).toSorted((a, b) => a - b),
      );
    });

    it('gives every watcher every change, also one that is slow', async () => {
      const after = await store.revision();
      const slow = store.watch('/w/', after, signal)[Symbol.asyncIterator]();
      const quick = take(store.watch('/w/', after, signal), 50);
      await Promise.all(Array.from({ length: 50 }, (_, i) => store.create(`/w/${i}`, '')));
      expect(await quick).toHaveLength(50);
      expect((await slow.next()).value?.key).toBe('/w/0');
      expect((await slow.next()).value?.key).toBe('/w/1');
    });

    it('ends a watch when its signal aborts', async () => {
      const controller = new AbortController();
      const watching = take(store.watch('/', await store.revision(), controller.signal), 1);
      controller.abort();
      expect(await watching).toEqual([]);
    });

    it('ends its watches when it closes', async () => {
      const watching = take(store.watch('/', await store.revision(), signal), 1);
      await store.close();
      expect(await watching).toEqual([]);
    });

    it('leaves a pending watch silent when nothing happened up to the present revision', async () => {
      const iterator = store.watch('/w/', await store.revision(), signal)[Symbol.asyncIterator]();
      let settled = false;
      const pending = iterator.next().then((result) => {
        settled = true;
        return result;
      });
      await store.create('/elsewhere', '');
      await store.revision();
      await new Promise(setImmediate);
      expect(settled).toBe(false);
      await store.create('/w/a', '');
      await store.revision();
      await new Promise(setImmediate);
      expect(settled).toBe(true);
      expect((await pending).value?.key).toBe('/w/a');
    });
  });

  describe(`${name} forgets the past`, () => {
    it('keeps the present and the last revisions, and refuses what is older', async () => {
      const store = await underTest.open({ keepRevisions: 10 });
      const { signal } = new AbortController();
      const start = await store.revision();
      await store.create('/kept', 'present');
      await store.create('/gone', '');
      await store.delete('/gone');
      let revision = revisionOf(await store.create('/busy', '0'));
      for (let i = 1; i <= 100; i += 1) revision = revisionOf(await store.update('/busy', `${i}`, revision));

      await expect(store.list('/', { at: start + 1 })).rejects.toMatchObject({ code: 'Compacted' });
      await expect(take(store.watch('/', start, signal), 1)).rejects.toMatchObject({ code: 'Compacted' });
      expect((await store.list('/')).entries.map((entry) => [entry.key, entry.value])).toEqual([
        ['/busy', '100'],
        ['/kept', 'present'],
      ]);
      const past = await store.list('/', { at: revision - 5 });
      expect(past.entries.map((entry) => entry.value)).toEqual(['95', 'present']);
      const replay = await take(store.watch('/', revision - 5, signal), 5);
      expect(replay.map((change) => [change.previous, change.value])).toEqual([
        ['95', '96'],
        ['96', '97'],
        ['97', '98'],
        ['98', '99'],
        ['99', '100'],
      ]);
      await store.close();
    });
  });
}
