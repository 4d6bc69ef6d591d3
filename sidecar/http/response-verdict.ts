/** What a response says of the try that it ends. */
import type { Outcome } from '#sidecar/upstream/endpoint.ts';
import type { Head } from './head.ts';
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

/** Whether a 503 tells, one hop further, of a connection that did not come about or that broke. */
export function appLoss(bytes: Buffer, head: Head): AppLoss | undefined {
  for (let line = 0; line < head.lines; line++) {
    if (!equalsToken(bytes, head.nameStart[line]!, head.nameEnd[line]!, REASON)) continue;
    const start = head.valueStart[line]!;
    return LOSSES.get(bytes.toString('latin1', start, start + WORD_LENGTH));
  }
  return undefined;
}
