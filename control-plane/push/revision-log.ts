import { compareVersions } from '#api/client/resource-version.ts';

/** Enough for every change that somebody could still be waiting for. */
const REMEMBERED = 10_000;

/** Which generation of the world brought which revision of the store. Deletions have no revision of their own here. */
export class RevisionLog {
  readonly #batches: { readonly generation: number; readonly revision: string }[] = [];

  /** Generations come in order; `revision` is the latest seen up to then. */
  record(generation: number, revision: string): void {
    this.#batches.push({ generation, revision });
    if (this.#batches.length > REMEMBERED) this.#batches.shift();
  }

  /** The first generation that may show `revision`; the latest one when no batch reached it. */
  generationOf(revision: string): number {
    const batch = this.#batches.find((candidate) => compareVersions(candidate.revision, revision) >= 0);
    return (batch ?? this.#batches.at(-1))?.generation ?? 0;
  }
}
