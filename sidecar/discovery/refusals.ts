import { type DescMessage, isFieldSet, type Message } from '@bufbuild/protobuf';
import { messageOf } from '#api/foundation/errors.ts';

/** Reasons listed per resource: enough to mend it, few enough for one NACK. */
const MAX_REASONS = 20;

/** A place inside a resource, from which reasons to refuse it are given: all of them, each with its path. */
export class Place {
  readonly #path: string;
  readonly #reasons: string[];

  constructor(path: string, reasons: string[]) {
    this.#path = path;
    this.#reasons = reasons;
  }

  in(step: string): Place {
    return new Place(this.#path === '' ? step : `${this.#path}.${step}`, this.#reasons);
  }

  refuse(why: string): void {
    if (this.#reasons.length < MAX_REASONS)
      this.#reasons.push(this.#path === '' ? why : `${this.#path}: ${why}`);
  }

  /** Refuses by name every field that is set and not among `supported`: nothing is silently ignored. */
  allow(schema: DescMessage, message: Message, supported: ReadonlySet<string>): void {
    for (const field of schema.fields) {
      if (!supported.has(field.name) && isFieldSet(message, field)) {
        this.in(field.name).refuse('not supported');
      }
    }
    for (const { no } of message.$unknown ?? []) this.refuse(`unknown field number ${no}`);
  }
}

/** A resource that can be run, or why not. */
export type Accepted<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reasons: readonly string[] };

/** Runs `read` over a resource; anything that it refuses, or that cannot be decoded, refuses the whole. */
export function accept<T>(read: (place: Place) => T): Accepted<T> {
  const reasons: string[] = [];
  try {
    const value = read(new Place('', reasons));
    if (reasons.length === 0) return { ok: true, value };
  } catch (error) {
    reasons.push(`cannot be decoded: ${messageOf(error)}`);
  }
  return { ok: false, reasons };
}
