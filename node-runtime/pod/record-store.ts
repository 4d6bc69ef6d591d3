import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import { PodRecord } from './pod-record.ts';

/**
 * The pod records on disk, `pods/UID/pod.json`. Written synchronously, because nothing may be done about a decision
 * before it is remembered; a few kilobytes on a tmpfs take some tens of microseconds. Replaced by rename: a
 * half-written record never stands there.
 */
export class RecordStore {
  readonly #directory: string;
  readonly #logger: Logger;

  constructor(directory: string, logger: Logger) {
    this.#directory = directory;
    this.#logger = logger;
  }

  directoryOf(uid: string): string {
    return join(this.#directory, uid);
  }

  /** A disk that is full must not stop the care of pods: it is reported, and the next save tries again. */
  save(record: PodRecord): void {
    try {
      this.#write(record);
    } catch (error) {
      const { namespace, name } = record.pod.metadata;
      this.#logger.error('pod record not saved', { namespace, pod: name, reason: messageOf(error) });
    }
  }

  #write(record: PodRecord): void {
    const directory = this.directoryOf(record.pod.metadata.uid ?? '');
    const path = join(directory, 'pod.json');
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.next`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${path}.next`, path);
  }

  /** Every record that can be read. One that cannot is reported and left to the sweep of what nobody owns. */
  load(): PodRecord[] {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    return readdirSync(this.#directory).flatMap((uid) => {
      try {
        const record = PodRecord.parse(
          JSON.parse(readFileSync(join(this.#directory, uid, 'pod.json'), 'utf8')),
        );
        return record.pod.metadata.uid === uid ? [record] : [];
      } catch (error) {
        this.#logger.warn('pod record cannot be read', { uid, reason: messageOf(error) });
        return [];
      }
    });
  }

  /** Directories of pods, readable or not. */
  uids(): string[] {
    return readdirSync(this.#directory);
  }

  async remove(uid: string): Promise<void> {
    await rm(this.directoryOf(uid), { recursive: true, force: true });
  }
}
