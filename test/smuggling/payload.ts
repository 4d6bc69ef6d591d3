/**
 * What a payload is: bytes that try to make two parsers disagree on where a request ends, and what has to come of them.
 * The sidecar either takes them for exactly the requests in `saw`, and then the app sees those and no others, or answers
 * the first one that it cannot vouch for with `refusal` and closes.
 */

/** `METHOD TARGET BODYBYTES`, with ` @HOST` behind it when the host is another than `app.test`. */
export type Seen = string;

export type Ending =
  /** The connection goes on to the next request. */
  | 'open'
  /** The sidecar ends it. */
  | 'closed'
  /** The last request is not complete: its sender has to say more. */
  | 'waiting';

export type OriginName = 'node' | 'nginx' | 'apache';

export interface Payload {
  readonly name: string;
  /** Where it is from: an RFC section, a paper, a CVE. */
  readonly source: string;
  /** As latin1 text. */
  readonly bytes: string;
  /** The requests that the app sees, complete with their bodies, in order. */
  readonly saw: readonly Seen[];
  readonly ending: Ending;
  /** Status by which the sidecar refuses what comes after `saw`. */
  readonly refusal: number | undefined;
  /** Apps that refuse it though it is sound: they know fewer methods, or less of the grammar. */
  readonly unknownTo: readonly OriginName[];
}

/** One that must be refused with `status`, after the requests in `saw`. */
export function refused(
  name: string,
  source: string,
  bytes: string,
  status = 400,
  saw: readonly Seen[] = [],
): Payload {
  return { name, source, bytes, saw, ending: 'closed', refusal: status, unknownTo: [] };
}

/** One that is taken for the requests in `saw`. */
export function taken(
  name: string,
  source: string,
  bytes: string,
  saw: readonly Seen[],
  ending: Ending = 'open',
  unknownTo: readonly OriginName[] = [],
): Payload {
  return { name, source, bytes, saw, ending, refusal: undefined, unknownTo };
}

/** A head with a Host, of the lines given. */
export function head(requestLine: string, ...lines: readonly string[]): string {
  return `${[`${requestLine} HTTP/1.1`, 'Host: app.test', ...lines].join('\r\n')}\r\n\r\n`;
}

/** The request that a smuggler wants the app to see, and nobody else. */
export const SMUGGLED: string = head('GET /smuggled');
export const SAW_SMUGGLED: Seen = 'GET /smuggled 0';

export const CHUNKED = 'Transfer-Encoding: chunked';
export const LAST_CHUNK = '0\r\n\r\n';
