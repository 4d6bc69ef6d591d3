/**
 * Prometheus' text format (version 0.0.4), written at every scrape from what is true then: what lives in the kernel
 * and in the pods' records is not kept a second time in a registry.
 */
export type Labels = Readonly<Record<string, string>>;

/** `untyped`: a counter whose name, which others gave it, does not end in `_total`. */
export type FamilyType = 'counter' | 'gauge' | 'untyped';

/** Names come from people and pods: what is longer is cut off. */
const MAX_LABEL = 512;

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface Family {
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Samples of the given families, in their order. */
export class Exposition {
  readonly #families = new Map<string, { readonly head: string; lines: string[] }>();

  constructor(families: readonly Family[]) {
    for (const { name, type, help } of families) {
      this.#families.set(name, { head: `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`, lines: [] });
    }
  }

  /** One sample of one of the families. What is not a number is left out: it could not be read. */
  add(name: string, labels: string, value: number | undefined): void {
    if (value === undefined || !Number.isFinite(value)) return;
    this.#families.get(name)?.lines.push(`${name}${labels} ${value}\n`);
  }

  /** Families without a sample are not spoken of. */
  toString(): string {
    let text = '';
    for (const { head, lines } of this.#families.values()) {
      if (lines.length > 0) text += head + lines.join('');
    }
    return text;
  }
}

/** `{name="value",…}`; empty labels mean the same as absent ones and are left out. */
export function written(labels: Labels): string {
  const parts = Object.entries(labels).flatMap(([name, value]) =>
    value === '' ? [] : [`${name}="${escaped(value)}"`],
  );
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escaped(value: string): string {
  const short = value.length > MAX_LABEL ? value.slice(0, MAX_LABEL) : value;
  if (!/[\\"\n\r]/.test(short)) return short.toWellFormed();
  return short
    .toWellFormed()
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll(/\r?\n|\r/g, '\\n');
}
