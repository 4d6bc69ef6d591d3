import type { Encoded } from './encoded.ts';
import { ResourceTable } from './resource-table.ts';
import { audienceOf, type Questions } from './routes/audience.ts';
import { type Reader, sidecarReader } from './routes/reader.ts';

/** More audiences than this for one thing, and sharing starts over. */
const MAX_AUDIENCES = 1_000;

/** Something that readers may see differently. Made when it is asked for, once for all who see it alike. */
export class Varied<T> {
  readonly questions: Questions;
  readonly #make: (reader: Reader) => T;
  readonly #made = new Map<string, T>();

  constructor(questions: Questions, make: (reader: Reader) => T) {
    this.questions = questions;
    this.#make = make;
  }

  for(reader: Reader): T {
    const audience = audienceOf(this.questions, reader);
    const known = this.#made.get(audience);
    if (known !== undefined) return known;
    if (this.#made.size >= MAX_AUDIENCES) this.#made.clear();
    const made = this.#make(reader);
    this.#made.set(audience, made);
    return made;
  }
}

export interface VariedResource {
  readonly name: string;
  readonly content: Varied<Encoded>;
}

/** A sidecar of which nothing is known. */
const ANYBODY = sidecarReader('', {});

/**
 * Resources of one type by name, each owned by what it was derived from. Those that are the same for everybody are
 * compared with what was there before; of others it is only known that they may have changed.
 */
export class VariedTable {
  readonly #plain = new ResourceTable();
  readonly #varied = new Map<string, VariedResource>();
  readonly #byOwner = new Map<string, readonly VariedResource[]>();

  get(name: string, reader: Reader = ANYBODY): Encoded | undefined {
    return this.#varied.get(name)?.content.for(reader) ?? this.#plain.get(name);
  }

  names(): Iterable<string> {
    return [...this.#plain.names(), ...this.#varied.keys()];
  }

  /** As ResourceTable.replace. */
  replace(owners: ReadonlyMap<string, readonly VariedResource[]>, changed: Set<string>): void {
    const plain = new Map<string, Encoded[]>();
    for (const owner of owners.keys()) this.#release(owner, changed);
    for (const [owner, resources] of owners) {
      plain.set(
        owner,
        resources.filter(isPlain).map(({ content }) => content.for(ANYBODY)),
      );
      this.#hold(
        owner,
        resources.filter((resource) => !isPlain(resource)),
        changed,
      );
    }
    this.#plain.replace(plain, changed);
  }

  #release(owner: string, changed: Set<string>): void {
    for (const { name } of this.#byOwner.get(owner) ?? []) {
      this.#varied.delete(name);
      changed.add(name);
    }
    this.#byOwner.delete(owner);
  }

  #hold(owner: string, resources: readonly VariedResource[], changed: Set<string>): void {
    if (resources.length > 0) this.#byOwner.set(owner, resources);
    for (const resource of resources) {
      this.#varied.set(resource.name, resource);
      changed.add(resource.name);
    }
  }
}

function isPlain({ content: { questions } }: VariedResource): boolean {
  return questions.namespaces.size === 0 && questions.labels.size === 0;
}
