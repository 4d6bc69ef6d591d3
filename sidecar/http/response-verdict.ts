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
const CONNECT_FAILURE = 'UF;';

/**
 * The sidecar in front of the endpoint could not connect to its app. That is a connect failure, one hop further: the
 * endpoint's process is gone, and has seen nothing of the request.
 */
export function neverReachedApp(bytes: Buffer, head: Head): boolean {
  for (let line = 0; line < head.lines; line++) {
    if (!equalsToken(bytes, head.nameStart[line]!, head.nameEnd[line]!, REASON)) continue;
    const start = head.valueStart[line]!;
    return bytes.toString('latin1', start, start + CONNECT_FAILURE.length) === CONNECT_FAILURE;
  }
  return false;
}
