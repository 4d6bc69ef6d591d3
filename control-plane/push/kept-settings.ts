/**
 * The settings of the mesh that are in force, as a file beside the store: what stands in the ConfigMap may be wrong, and a
 * control plane that starts anew has then nothing else to know them from.
 */
import { rmSync } from 'node:fs';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import { readIfThere, writeWhole } from '#control-plane/apiserver/pki/private-files.ts';

/** They may hold headers that are secrets. */
const MODE = 0o600;

export class KeptSettings {
  readonly #path: string;
  readonly #logger: Logger;

  constructor(path: string, logger: Logger) {
    this.#path = path;
    this.#logger = logger;
  }

  /** Undefined: none were in force, or nobody can tell. */
  read(): string | undefined {
    return this.#try('read', () => readIfThere(this.#path));
  }

  /** Undefined: there are none any more. */
  keep(text: string | undefined): void {
    this.#try('kept', () => {
      if (text === undefined) rmSync(this.#path, { force: true });
      else if (readIfThere(this.#path) !== text) writeWhole(this.#path, text, MODE);
    });
  }

  /** A full disk keeps no settings from the proxies. */
  #try<T>(what: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#logger.warn(`settings in force cannot be ${what}`, { reason: messageOf(error) });
      return undefined;
    }
  }
}
