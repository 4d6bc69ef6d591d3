/** Reads the answers of a connection as a careful client does, so that a byte too many or too few is noticed. */

export interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

export interface Answers {
  /** Complete final answers. */
  readonly answers: readonly Answer[];
  /** What follows the last complete one. */
  readonly rest: string;
}

/** The answers in `text`; `isToHead(i)`: the one with that number is to a HEAD, and so without a body. */
export function readAnswers(text: string, isToHead: (index: number) => boolean): Answers {
  const answers: Answer[] = [];
  let rest = text;
  for (;;) {
    const answer = readAnswer(rest, isToHead(answers.length));
    if (answer === undefined) return { answers, rest };
    if (answer.status >= 200) answers.push(answer);
    rest = rest.slice(answer.length);
  }
}

function readAnswer(text: string, toHead: boolean): (Answer & { readonly length: number }) | undefined {
  const headEnd = text.indexOf('\r\n\r\n') + 4;
  if (headEnd < 4) return undefined;
  const head = text.slice(0, headEnd);
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  const hasBody = !toHead && status >= 200 && status !== 204 && status !== 304;
  const end = hasBody ? endOfBody(text, headEnd, head) : { end: headEnd, body: '' };
  return end === undefined ? undefined : { status, head, body: end.body, length: end.end };
}

function endOfBody(text: string, at: number, head: string): { end: number; body: string } | undefined {
  if (/\r\ntransfer-encoding: *chunked\r\n/i.test(head)) return endOfChunks(text, at);
  const length = Number(/\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1] ?? 0);
  return text.length < at + length ? undefined : { end: at + length, body: text.slice(at, at + length) };
}

function endOfChunks(text: string, from: number): { end: number; body: string } | undefined {
  let body = '';
  for (let at = from; ; ) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    if (size === 0) {
      const end = text.indexOf('\r\n\r\n', lineEnd);
      return end < 0 ? undefined : { end: end + 4, body };
    }
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 4 + size;
  }
}
