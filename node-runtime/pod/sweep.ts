import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import { removeDirectory } from '../host/remove-directory.ts';
import { unmountUnder } from '../volumes/tmpfs.ts';
import type { PodRecord } from './pod-record.ts';
import type { RecordStore } from './record-store.ts';
import type { Sandboxes } from './sandboxes.ts';

/** Removes sandboxes and directories that no record speaks of: a pod of which nobody knows cannot be looked after. */
export async function sweepUnowned(
  records: readonly PodRecord[],
  tools: { meshId: string; sandboxes: Sandboxes; store: RecordStore; podVolumes: string; logger: Logger },
): Promise<void> {
  const { meshId, sandboxes, store, podVolumes, logger } = tools;
  const owned = new Set(records.map((record) => record.sandbox));
  const known = new Set(records.map((record) => record.pod.metadata.uid));
  const uids = new Set([
    ...(await sandboxes.list())
      .filter((name) => !owned.has(name))
      .map((name) => name.slice(meshId.length + 1)),
    ...store.uids().filter((uid) => !known.has(uid)),
    ...(await readdir(podVolumes).catch(() => [])).filter((uid) => !known.has(uid)),
  ]);
  for (const uid of uids) {
    logger.warn('removing what is left of an unknown pod', { uid });
    try {
      await sandboxes.tearDown(`${meshId}-${uid}`, uid);
      await unmountUnder(store.directoryOf(uid));
      await store.remove(uid);
      await removeDirectory(join(podVolumes, uid));
    } catch (error) {
      logger.error('it could not be removed', { uid, reason: messageOf(error) });
    }
  }
}
