/** Where the codec and llhttp part ways on the same bytes. */
import { Fault } from '#sidecar/http/fault.ts';
import { type LlhttpReading, readWithLlhttp } from '#sidecar/http/testing/llhttp.ts';
import { type Reading, readMessages, type Side } from '#sidecar/http/testing/message-reader.ts';

/** What becomes of one message with a parser. */
type Fate = 'takes it' | 'refuses it' | 'waits for the head' | 'waits for the body' | 'is done';

export interface Difference {
  /** In words that say who does what, with the names of fault and error. */
  readonly kind: string;
  /** The bytes before the message that is read differently, and those from it on. */
  readonly before: string;
  readonly rest: string;
}

const FAULTS: ReadonlyMap<number, string> = new Map(
  Object.entries(Fault).map(([name, code]) => [code, name]),
);

/** The first difference; undefined: they agree to the end. */
export function differenceIn(side: Side, text: string): Difference | undefined {
  const ours = readMessages(side, text);
  const theirs = readWithLlhttp(side, Buffer.from(text, 'latin1'));
  for (let i = 0; ; i++) {
    const kind = kindAt(i, ours, theirs);
    if (kind === 'none') continue;
    if (kind === undefined) return undefined;
    const at = i === 0 ? 0 : ours.messages[i - 1]!.end;
    if (/^[\r\n]*$/.test(text.slice(at)) && kind.startsWith('the codec is done')) return undefined;
    return { kind, before: text.slice(0, at), rest: text.slice(at) };
  }
}

/** `none`: message `i` is the same to both, and whole; undefined: they agree that there is no more. */
function kindAt(i: number, ours: Reading, theirs: LlhttpReading): string | undefined {
  const [here, there] = [fateOf(i, ours), fateOf(i, theirs)];
  const waiting = here.startsWith('waits') && there.startsWith('waits');
  if (here !== there && !waiting) {
    const fault = here === 'refuses it' ? ` (${FAULTS.get(ours.fault)})` : '';
    const error = there === 'refuses it' ? ` (${theirs.error})` : '';
    return `the codec ${here}${fault}, llhttp ${there}${error}`;
  }
  if (here === 'takes it' || waiting) {
    const wrong = unlike(i, ours, theirs);
    if (wrong !== undefined) return `both ${waiting ? 'wait' : 'take it'}, with another ${wrong}`;
  }
  return here === 'takes it' ? 'none' : undefined;
}

function fateOf(i: number, { messages, standing }: Reading | LlhttpReading): Fate {
  if (messages[i]?.complete === true) return 'takes it';
  if (standing === 'refused') return 'refuses it';
  if (standing === 'over') return 'is done';
  return standing === 'in-body' ? 'waits for the body' : 'waits for the head';
}

function unlike(i: number, ours: Reading, theirs: LlhttpReading): string | undefined {
  const [here, there] = [ours.messages[i], theirs.messages[i]];
  if (here === undefined || there === undefined) return here === there ? undefined : 'end of the head';
  if (here.start !== there.start) return 'start line';
  if (here.minor !== there.minor) return 'version';
  return here.content === there.content ? undefined : 'content';
}
