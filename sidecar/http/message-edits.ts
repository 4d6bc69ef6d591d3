/**
 * What a rule changes of a head, as bytes that were made ready once: names whose lines are cut, and lines that are
 * appended. A head is then edited while it is written, without being taken apart.
 *
 * The lines that say where a message ends and who may read them stay out of reach, whatever a rule asks for: they are
 * refused when a rule is compiled, and left out here once more, since two parsers must never differ on them.
 */
import type { HeaderEdits, HeaderLine } from '#sidecar/routing/header-edits.ts';
import type { Head } from './head.ts';
import { equalsToken, FIELD, octets, TOKEN } from './octets.ts';

/** Lines of the framing, of the hop and of the mesh itself. */
const PROTECTED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-envoy-peer-metadata',
]);

/** One line that is appended. */
interface ReadyLine {
  readonly name: string;
  /** With its CRLF. */
  readonly bytes: Buffer;
}

export class MessageEdits {
  /** Names, in lower case, of the lines that go. */
  readonly cuts: ReadonlySet<string>;
  readonly lines: readonly ReadyLine[];
  /** All appended lines, one behind the other. */
  readonly block: Buffer;
  readonly #names: readonly Uint8Array[];

  constructor(cuts: Iterable<string>, lines: readonly ReadyLine[]) {
    this.cuts = new Set(cuts);
    this.lines = lines;
    this.block = Buffer.concat(lines.map(({ bytes }) => bytes));
    this.#names = [...this.cuts].map(octets);
  }

  /** Marks the lines of a scanned head that do not travel on. */
  cut(bytes: Buffer, head: Head): void {
    for (let line = 0; line < head.lines; line++) {
      const start = head.nameStart[line]!;
      const end = head.nameEnd[line]!;
      for (const name of this.#names) if (equalsToken(bytes, start, end, name)) head.cut[line] = 1;
    }
  }

  /** Whether a rule decides on lines of that name alone: nothing of this proxy's own takes their place. */
  governs(name: string): boolean {
    return this.cuts.has(name);
  }

  /** These edits, and `later` ones on what they leave. */
  followedBy(later: MessageEdits): MessageEdits {
    const kept = this.lines.filter(({ name }) => !later.cuts.has(name));
    return new MessageEdits([...this.cuts, ...later.cuts], [...kept, ...later.lines]);
  }
}

const ready = new WeakMap<HeaderEdits, MessageEdits>();

/** The edits of a rule, made ready at their first use. */
export function editsOf(edits: HeaderEdits): MessageEdits {
  let made = ready.get(edits);
  if (made === undefined) {
    made = makeEdits(edits);
    ready.set(edits, made);
  }
  return made;
}

/** Edits with these removals, replacements and additions; what cannot stand in a head is left out. */
export function makeEdits({ remove, set, add }: HeaderEdits): MessageEdits {
  const names = [...remove, ...set.filter(isWritable).map(({ name }) => name)].map(lower);
  const lines = [...set, ...add].filter(isWritable).map(readyLine);
  return new MessageEdits(
    names.filter((name) => !PROTECTED.has(name)),
    lines,
  );
}

function lower(name: string): string {
  return name.toLowerCase();
}

function readyLine({ name, value }: HeaderLine): ReadyLine {
  return { name: lower(name), bytes: Buffer.from(`${name}: ${value}\r\n`) };
}

function isWritable({ name, value }: HeaderLine): boolean {
  return (
    !PROTECTED.has(lower(name)) &&
    name !== '' &&
    Buffer.from(name).every((octet) => TOKEN[octet] !== 0) &&
    Buffer.from(value).every((octet) => FIELD[octet] === 1)
  );
}
