import type { Encoded } from './encoded.ts';
import { compare } from './model/host-match.ts';
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
  /** Undefined for readers that it is not for. */
  readonly content: Varied<Encoded | undefined>;
  /** Of several resources of one name a reader gets the one of the smallest rank that is for it. */
  readonly rank?: string;
}

interface Held extends VariedResource {
  readonly owner: string;
}

/** A sidecar of which nothing is known. */
const ANYBODY = sidecarReader('', {});

/**
 * Resources of one type by name, each owned by what it was derived from. Several owners may ask for one name (two
 * ServiceEntries for one address): who has it depends on nobody's arrival. Those that are the same for everybody are
 * compared with what was there before; of others it is only known that they may have changed.
 */
export class VariedTable {
  readonly #byName = new Map<string, readonly Held[]>();
  readonly #namesOf = new Map<string, readonly string[]>();

  /** `sees`: whose resources count for the reader. */
  get(
    name: string,
    reader: Reader = ANYBODY,
    sees: (owner: string) => boolean = () => true,
  ): Encoded | undefined {
    for (const { owner, content } of this.#byName.get(name) ?? []) {
      const found = sees(owner) ? content.for(reader) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  names(): Iterable<string> {
    return this.#byName.keys();
  }

  /** Who asks for a name, the one that has it first. */
  ownersOf(name: string): string[] {
    return (this.#byName.get(name) ?? []).map(({ owner }) => owner);
  }

  /** As ResourceTable.replace. */
  replace(owners: ReadonlyMap<string, readonly VariedResource[]>, changed: Set<string>): void {
    const before = new Map<string, readonly Held[]>();
    for (const [owner, resources] of owners)
      for (const name of [...(this.#namesOf.get(owner) ?? []), ...resources.map((each) => each.name)])
        before.set(name, this.#byName.get(name) ?? []);
    for (const name of before.keys())
      this.#hold(
        name,
        before.get(name)!.filter((held) => !owners.has(held.owner)),
      );
    for (const [owner, resources] of owners) this.#put(owner, resources);
    for (const [name, held] of before) {
      if (!isSame(held, this.#byName.get(name) ?? [])) changed.add(name);
      else this.#hold(name, held);
    }
  }

  #put(owner: string, resources: readonly VariedResource[]): void {
    if (resources.length === 0) this.#namesOf.delete(owner);
    else
      this.#namesOf.set(
        owner,
        resources.map(({ name }) => name),
      );
    for (const resource of resources) {
      const others = this.#byName.get(resource.name) ?? [];
      this.#hold(resource.name, [...others, { ...resource, owner }].sort(byRank));
    }
  }

  #hold(name: string, held: readonly Held[]): void {
    if (held.length === 0) this.#byName.delete(name);
    else this.#byName.set(name, held);
  }
}

function byRank(a: Held, b: Held): number {
  return compare(a.rank ?? '', b.rank ?? '') || compare(a.owner, b.owner);
}

/** Known to be the same for every reader. */
function isSame(before: readonly Held[], after: readonly Held[]): boolean {
  const [a, b] = [before[0], after[0]];
  if (a === undefined || b === undefined) return a === b;
  if (before.length > 1 || after.length > 1 || !isPlain(a) || !isPlain(b) || a.owner !== b.owner)
    return false;
  return a.content.for(ANYBODY)?.version === b.content.for(ANYBODY)?.version;
}

function isPlain({ content: { questions } }: VariedResource): boolean {
  return questions.namespaces.size === 0 && questions.labels.size === 0;
}
