import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '#api/client/client.ts';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { Namespace } from '#api/kinds/namespace.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import { createLocalClient } from '../local-client.ts';
import { createRegistry, type Registry } from './registry.ts';

export interface RegistryFixture {
  readonly registry: Registry;
  readonly client: Client;
  readonly clock: ManualClock;
  close(): Promise<void>;
}

/** A registry over a fresh store in a temporary directory, with the namespace `default`, for tests. */
export async function openRegistry(options: { keepRevisions?: number } = {}): Promise<RegistryFixture> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-registry-'));
  const store = openSqliteStore({ path: join(directory, 'store.db'), ...options });
  const clock = new ManualClock();
  let uids = 0;
  const newUid = (): string => `uid-${++uids}`;
  const registry = createRegistry({ store, clock, random: seededRandom(7), newUid });
  const client = createLocalClient(registry);
  await client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } });
  return {
    registry,
    client,
    clock,
    async close() {
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
