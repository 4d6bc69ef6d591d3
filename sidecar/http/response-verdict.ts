/** What a response says of the try that it ends. */
import type { Outcome } from '#sidecar/upstream/endpoint.ts';
import type { Head } from './head.ts';
import { printable } from './local-reply.ts';
import { type MessageEdits, makeEdits } from './message-edits.ts';
import { equalsToken, octets } from './octets.ts';

/** What the balancer and outlier detection hear of a response with this status. */
export function outcomeOf(status: number): Outcome {
  if (status < 500) return 'success';
  return status >= 502 && status <= 504 ? 'gateway-error' : 'server-error';
}

const REASON = octets('x-weft-reason');

/** What the sidecar in front of an endpoint can say of the endpoint's process: the first word of its reason. */
export type AppLoss =
  /** It could not be connected to: it is gone, and has seen nothing of the request. */
  | 'unreached'
  /** It went away with the request. */
  | 'broken';

const LOSSES: ReadonlyMap<string, AppLoss> = new Map([
  ['UF;', 'unreached'],
  ['UC;', 'broken'],
]);
const WORD_LENGTH = 3;

/** Whether a 502 or 503 tells, one hop further, of a connection that did not come about or that broke. */
export function appLoss(bytes: Buffer, head: Head): AppLoss | undefined {
  return LOSSES.get(reasonOf(bytes, head).slice(0, WORD_LENGTH));
}

/** What the app passes on of another sidecar is not said of the app. */
export function disown(response: { edits: MessageEdits | undefined }, bytes: Buffer, head: Head): void {
  const edits = passedOn(bytes, head);
  if (edits === undefined) return;
  response.edits = response.edits === undefined ? edits : edits.followedBy(response.edits);
}

/**
 * A loss that an app tells of, since it passes on the answer that a call of its own got. The app itself is well and has
 * seen the request, so its callers must not take the words for those of the sidecar in front of it. Undefined when there
 * is nothing to change.
 */
export function passedOn(bytes: Buffer, head: Head): MessageEdits | undefined {
  const reason = reasonOf(bytes, head);
  if (!LOSSES.has(reason.slice(0, WORD_LENGTH))) return undefined;
  const value = printable(reason.replace(';', ', passed on by the app;'));
  return makeEdits({ remove: [], set: [{ name: 'x-weft-reason', value }], add: [] });
}

function reasonOf(bytes: Buffer, head: Head): string {
  for (let line = 0; line < head.lines; line++) {
    if (!equalsToken(bytes, head.nameStart[line]!, head.nameEnd[line]!, REASON)) continue;
    return bytes.toString('latin1', head.valueStart[line]!, head.valueEnd[line]!);
  }
  return '';
}
