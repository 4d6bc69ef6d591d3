import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { seededRandom } from '#api/foundation/random.ts';
import { openSqliteStore } from './sqlite-store.ts';

const ROUNDS = 12;
const WRITER = new URL('./crash-writer.ts', import.meta.url);

interface Acknowledged {
  readonly number: number;
  readonly revision: number;
}

/** Reads acknowledgements until `count` came, kills the writer with SIGKILL, and reads what was still on the way. */
async function killAfter(
  child: ChildProcess,
  count: number,
  acknowledged: Map<string, Acknowledged>,
): Promise<void> {
  if (child.stdout === null) throw new Error('the writer has no standard output');
  const exited = once(child, 'exit');
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [key, number, revision] = line.split(' ');
    if (key === undefined || revision === undefined) continue;
    acknowledged.set(key, { number: Number(number), revision: Number(revision) });
    seen += 1;
    if (seen === count) child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
}

it(`loses nothing that was acknowledged when it is killed with SIGKILL, ${ROUNDS} times over`, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'weft-crash-'));
  const path = join(directory, 'store.db');
  const random = seededRandom(20_260_101);
  const acknowledged = new Map<string, Acknowledged>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const child = spawn(process.execPath, [fileURLToPath(WRITER), path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await killAfter(child, 1 + Math.floor(random() * 1_500), acknowledged);

    const store = openSqliteStore({ path });
    for (const [key, { number, revision }] of acknowledged) {
      const entry = await store.get(key);
      expect(Number(entry?.value.split(' ')[0]), `${key} in round ${round}`).toBeGreaterThanOrEqual(number);
      expect(entry?.revision).toBeGreaterThanOrEqual(revision);
    }
    expect(acknowledged.size).toBeGreaterThan(0);
    await store.close();
  }
  rmSync(directory, { recursive: true, force: true });
});
