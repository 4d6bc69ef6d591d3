/** What is thought of each kind of difference from llhttp. One that is not here is a defect until somebody has looked at it. */
import { METHODS } from 'node:http';
import type { Difference } from './differences.ts';
import { WITNESSES } from './witnesses.ts';

export interface Verdict {
  readonly name: string;
  /**
   * `stricter`: we refuse, and the reason shows in the bytes. `later`: we say so once the head is whole; nothing of it is passed
   * on before. `wider`: we take what llhttp refuses. `sooner`, `longer`: the connection ends elsewhere, the messages do not.
   */
  readonly verdict: 'stricter' | 'later' | 'wider' | 'sooner' | 'longer';
  readonly reason: string;
  readonly covers: (difference: Difference) => boolean;
}

const REFUSED: Readonly<Record<string, string>> = {
  requestLine: 'RFC 9112 §3: single spaces, a version, CRLF, few empty lines; llhttp takes more of each',
  methodTooLong: 'RFC 9112 §3: longer than any method; 501',
  target: 'RFC 9112 §3.2: no fragment, ASCII, a form that HTTP has, an asterisk for OPTIONS alone',
  version: 'RFC 9112 §2.3: of what llhttp takes, HTTP/0.9 and HTTP/2.0 are not HTTP/1; 505',
  statusLine: 'RFC 9112 §4: single spaces, no control characters, HTTP/1.0 or 1.1, nothing before it',
  connectMethod: 'tunnels are not offered; 405',
  host: 'RFC 9110 §7.2: llhttp leaves Host to the application',
  hostTwice: 'RFC 9112 §3.2: MUST be 400; llhttp leaves Host to the application',
  hostMissing: 'RFC 9112 §3.2: MUST be 400; llhttp leaves Host to the application',
  fieldName: 'RFC 9112 §5.1',
  fieldValue: 'RFC 9110 §5.5',
  lineEnd: 'RFC 9112 §2.2',
  tooManyLines: 'llhttp leaves limits to the application',
  contentLength: 'RFC 9110 §8.6: tabs beside it, more digits than a number holds',
  contentLengthTwice: 'RFC 9112 §6.3',
  transferEncoding:
    'RFC 9112 §6.3: only the one word chunked, once; llhttp takes codings before it, and any in a response',
  lengthAndEncoding: 'RFC 9112 §6.3',
  encodingInHttp10: 'RFC 9112 §6.1: faulty framing',
  bodyInHttp10: 'RFC 9110 §9.3.1: a GET, HEAD or DELETE with a body, of HTTP/1.0; 413',
  underscored: 'gateways that make variables of names take it for the framing',
  connection: 'RFC 9110 §7.6.1: a list of tokens, none of which is a field of the message itself',
  tooManyOptions: 'llhttp leaves limits to the application',
  chunkSize:
    'RFC 9112 §7.1.1: extensions by their grammar; sizes that are exact and have no zeros without end',
  chunkEnd: 'RFC 9112 §7.1',
  trailer: 'RFC 9110 §6.5.1: fields that must not be trailers; RFC 9112 §5 for the others',
};

const stricter = Object.entries(REFUSED).map(
  ([fault, reason]): Verdict => ({
    name: fault,
    verdict: 'stricter',
    reason,
    covers: ({ kind, rest }) =>
      kind.startsWith(`the codec refuses it (${fault}),`) && WITNESSES[fault]!(rest),
  }),
);

const METHOD = /^(?:\r\n)*([^ ]+) /;

export const VERDICTS: readonly Verdict[] = [
  ...stricter,
  {
    name: 'an incomplete head',
    verdict: 'later',
    reason:
      'lengths and codings are judged at the end of their line, start lines at theirs; nothing is passed on before the head is whole',
    covers: ({ kind }) => kind.startsWith('the codec waits for the head, llhttp refuses it'),
  },
  {
    name: 'other methods',
    verdict: 'wider',
    reason: 'RFC 9110 §9.1: methods are an open set; llhttp goes by a list',
    covers: ({ kind, rest }) =>
      /^the codec (takes it|waits for the body), llhttp refuses it \(HPE_INVALID_METHOD/.test(kind) &&
      !METHODS.includes(METHOD.exec(rest)?.[1] ?? ''),
  },
  {
    name: 'close of HTTP/1.0',
    verdict: 'sooner',
    reason: 'RFC 9112 §9.3: close wins over keep-alive, in HTTP/1.0 too',
    covers: ({ kind, before }) =>
      kind.startsWith('the codec is done, llhttp') &&
      /HTTP\/1\.0\r\n[\s\S]*connection:/i.test(before) &&
      /close/i.test(before),
  },
  {
    name: 'close before a tab',
    verdict: 'sooner',
    reason:
      'RFC 9110 §5.6.3: a tab is white space; llhttp sees no close in front of one. Nothing behind it is read',
    covers: ({ kind, before }) =>
      kind.startsWith('the codec is done, llhttp') && /connection:[^\r\n]*close *\t/i.test(before),
  },
  {
    name: 'close of an informational response',
    verdict: 'longer',
    reason:
      'RFC 9112 §9.6: the connection ends behind the final response, which is what the request waits for',
    covers: ({ kind, before }) =>
      kind.endsWith(', llhttp is done') &&
      /^HTTP\/1\.\d 1\d\d /.test(before) &&
      /HTTP\/1\.0|connection:[^\r\n]*close/i.test(before),
  },
  {
    name: 'close of Proxy-Connection',
    verdict: 'longer',
    reason: 'RFC 9112 §C.2.2: it has no meaning; llhttp reads it like Connection',
    covers: ({ kind, before }) =>
      /^the codec (takes it|refuses it \(\w+\)|waits for the (head|body)), llhttp is done/.test(kind) &&
      /proxy-connection:/i.test(before),
  },
];

/** The verdict on `difference`; undefined: none yet. */
export function verdictOn(difference: Difference): Verdict | undefined {
  return VERDICTS.find(({ covers }) => covers(difference));
}
