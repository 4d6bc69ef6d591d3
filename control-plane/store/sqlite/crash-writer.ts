/**
 * The victim of the crash test: writes to the store named by its argument for ever, several writes at once, and says
 * each acknowledged one in a line `KEY NUMBER REVISION` on standard output, after the store acknowledged it.
 */
import { writeSync } from 'node:fs';
import { openSqliteStore } from './sqlite-store.ts';

const WRITERS = 8;
const store = openSqliteStore({ path: process.argv[2] ?? '', keepRevisions: 200 });

async function write(key: string): Promise<never> {
  const found = await store.get(key);
  let number = found === undefined ? 0 : Number(found.value.split(' ')[0]);
  let revision = found?.revision;
  for (;;) {
    number += 1;
    const value = `${number} ${'x'.repeat((number * 37) % 3000)}`;
    const result =
      revision === undefined ? await store.create(key, value) : await store.update(key, value, revision);
    if (result.outcome !== 'written') throw new Error(`${key}: ${result.outcome}`);
    revision = result.revision;
    writeSync(1, `${key} ${number} ${revision}\n`);
  }
}

await Promise.all(Array.from({ length: WRITERS }, (_, i) => write(`/writer/${i}`)));
