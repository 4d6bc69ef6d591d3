import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storeContract } from '../contract-tests.ts';
import type { Store } from '../store.ts';
import { openSqliteStore } from './sqlite-store.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-store-'));
  path = join(directory, 'store.db');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

storeContract('sqlite', { open: async (options) => openSqliteStore({ path, ...options }) });

async function written(count: number): Promise<Store> {
  const store = openSqliteStore({ path });
  await Promise.all(
    Array.from({ length: count }, (_, i) => store.create(`/k/${i}`, `value ${i} `.repeat(200))),
  );
  return store;
}

function bytesOf(file: string): string {
  return existsSync(file) ? readFileSync(file).toString('base64') : '';
}

describe('a store file', () => {
  it('holds everything after closing and opening, revisions included', async () => {
    const store = await written(50);
    const before = await store.list('/');
    await store.close();
    const again = openSqliteStore({ path });
    expect(await again.list('/')).toEqual(before);
    await again.close();
  });

  it('and its log are readable by their owner alone: they hold secrets', async () => {
    const store = await written(1);
    expect([path, `${path}-wal`].map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600]);
    await store.close();
  });

  it('is refused while another process or store has it open', async () => {
    const store = await written(1);
    expect(() => openSqliteStore({ path })).toThrow(expect.objectContaining({ code: 'StoreInUse' }));
    await store.close();
  });

  it('continues where it was from a copy of database and log, as a crash leaves them', async () => {
    const store = await written(50);
    const copy = join(directory, 'copy.db');
    copyFileSync(path, copy);
    copyFileSync(`${path}-wal`, `${copy}-wal`);
    const again = openSqliteStore({ path: copy });
    expect(await again.list('/')).toEqual(await store.list('/'));
    await again.close();
    await store.close();
  });
});

describe('a store file that cannot be trusted is refused by name and left as it is', () => {
  const damages: { name: string; code: string; damage: () => void }[] = [
    {
      name: 'text instead of a database',
      code: 'StoreCorrupt',
      damage: () => writeFileSync(path, 'this was a shopping list\n'.repeat(500)),
    },
    {
      name: 'random bytes over its beginning',
      code: 'StoreCorrupt',
      damage: () => overwrite(0, randomBytes(4096)),
    },
    {
      name: 'random bytes in its middle',
      code: 'StoreCorrupt',
      damage: () => overwrite(8 * 4096, randomBytes(4096 * 8)),
    },
    { name: 'cut short', code: 'StoreCorrupt', damage: () => truncateSync(path, 5 * 4096) },
    {
      name: 'one letter of one value changed',
      code: 'StoreCorrupt',
      damage: () => {
        const bytes = readFileSync(path);
        bytes[bytes.indexOf('value 7 value 7') + 3] = 0x58;
        writeFileSync(path, bytes);
      },
    },
    {
      name: 'emptied while its log holds changes',
      code: 'StoreCorrupt',
      damage: () => {
        writeFileSync(`${path}-wal`, 'frames');
        truncateSync(path, 0);
      },
    },
    {
      name: 'gone while its log holds changes',
      code: 'StoreCorrupt',
      damage: () => {
        writeFileSync(`${path}-wal`, 'frames');
        rmSync(path);
      },
    },
    { name: 'of a newer weft', code: 'StoreTooNew', damage: () => run('PRAGMA user_version = 99') },
    { name: 'of another program', code: 'StoreForeign', damage: () => run('PRAGMA application_id = 42') },
  ];

  function overwrite(offset: number, bytes: Buffer): void {
    const file = readFileSync(path);
    bytes.copy(file, offset);
    writeFileSync(path, file);
  }
  function run(sql: string): void {
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
  }

  it.each(damages)('$name', async ({ code, damage }) => {
    await (await written(50)).close();
    damage();
    const before = [bytesOf(path), bytesOf(`${path}-wal`)];
    expect(() => openSqliteStore({ path })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(path), remedy: expect.any(String) }),
    );
    expect([bytesOf(path), bytesOf(`${path}-wal`)]).toEqual(before);
  });

  it('a directory that is missing', () => {
    const missing = join(directory, 'nowhere', 'store.db');
    expect(() => openSqliteStore({ path: missing })).toThrow(
      expect.objectContaining({ code: 'StoreUnreadable', message: expect.stringContaining(missing) }),
    );
  });
});

describe('a full disk', () => {
  it('fails the write with its cause, keeps what was there, and works on when there is space', async () => {
    const store = openSqliteStore({ path, maxPages: 40 });
    const value = 'x'.repeat(4_000);
    const written: string[] = [];
    let failure: unknown;
    for (let i = 0; i < 100 && failure === undefined; i += 1) {
      await store.create(`/k/${i}`, value).then(
        () => written.push(`/k/${i}`),
        (error: unknown) => {
          failure = error;
        },
      );
    }
    expect(failure).toMatchObject({ code: 'StoreFull', message: expect.stringContaining(path) });
    expect(written.length).toBeGreaterThan(5);
    expect((await store.list('/k/')).entries.map((entry) => entry.key).toSorted()).toEqual(
      written.toSorted(),
    );
    await store.close();

    const roomy = openSqliteStore({ path });
    expect((await roomy.list('/k/')).entries).toHaveLength(written.length);
    expect((await roomy.create('/more', value)).outcome).toBe('written');
    await roomy.close();
  });

  it('fails only those of concurrent writes that do not fit', async () => {
    const store = openSqliteStore({ path, maxPages: 40 });
    const results = await Promise.allSettled([
      store.create('/small-1', 'x'),
      store.create('/huge', 'x'.repeat(1_000_000)),
      store.create('/small-2', 'x'),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await store.close();
  });
});
