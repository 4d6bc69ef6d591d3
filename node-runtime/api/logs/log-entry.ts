/**
 * One line of a log file in Kubernetes' (CRI) format: `TIME STREAM TAG TEXT`. Tag `P` marks a piece of a line that was
 * too long for the container runtime's buffer and goes on in the next entry; `F` ends it.
 */
export interface LogEntry {
  readonly time: string;
  readonly atMs: number;
  /** With the line's end when this is its last piece. */
  readonly text: Buffer;
}

const SPACE = 0x20;
const NEWLINE = Buffer.from('\n');

/** Undefined for a line that is not in the format: the monitor died while it wrote. */
export function parseEntry(line: Buffer): LogEntry | undefined {
  const first = line.indexOf(SPACE);
  const second = line.indexOf(SPACE, first + 1);
  const third = line.indexOf(SPACE, second + 1);
  if (first < 0 || second < 0 || third < 0) return undefined;
  const time = line.toString('latin1', 0, first);
  const tag = line.toString('latin1', second + 1, third).split(':')[0];
  const atMs = Date.parse(time);
  if (Number.isNaN(atMs) || (tag !== 'F' && tag !== 'P')) return undefined;
  const text = line.subarray(third + 1);
  return { time, atMs, text: tag === 'F' ? Buffer.concat([text, NEWLINE]) : text };
}

/** What the reader gets of an entry. */
export function render(entry: LogEntry, timestamps: boolean): Buffer {
  return timestamps ? Buffer.concat([Buffer.from(`${entry.time} `), entry.text]) : entry.text;
}
