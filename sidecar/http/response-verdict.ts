/** What a response says of the try that it ends. */
import { retriesConnectFailure, retriesStatus } from '#sidecar/routing/retry-decision.ts';
import type { RetryPolicy } from '#sidecar/routing/retry-policy.ts';
import type { Outcome } from '#sidecar/upstream/endpoint.ts';
import type { Head } from './head.ts';
import { equalsToken, octets } from './octets.ts';

/** What the balancer and outlier detection hear of a response with this status. */
export function outcomeOf(status: number): Outcome {
  if (status < 500) return 'success';
  return status >= 502 && status <= 504 ? 'gateway-error' : 'server-error';
}

/** Whether the policy is for this response, by its status or by what the sidecar at the other end says of it. */
export function isRetriable({ attempts, on }: RetryPolicy, bytes: Buffer, head: Head): boolean {
  if (attempts === 0) return false;
  if (retriesStatus(on, head.status)) return true;
  return head.status === 503 && retriesConnectFailure(on) && neverReachedApp(bytes, head);
}

const REASON = octets('x-weft-reason');
const CONNECT_FAILURE = 'UF;';

/**
 * The sidecar in front of the endpoint could not connect to its app. That is a connect failure, one hop further: the
 * endpoint's process is gone and has seen nothing of the request.
 */
function neverReachedApp(bytes: Buffer, head: Head): boolean {
  for (let line = 0; line < head.lines; line++) {
    if (!equalsToken(bytes, head.nameStart[line]!, head.nameEnd[line]!, REASON)) continue;
    const start = head.valueStart[line]!;
    return bytes.toString('latin1', start, start + CONNECT_FAILURE.length) === CONNECT_FAILURE;
  }
  return false;
}
