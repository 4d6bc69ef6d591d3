import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';

/** How a request, or a try of it, came to its end. */
export interface Ending {
  readonly flag: ResponseFlag;
  /** Envoy's response code details (`%RESPONSE_CODE_DETAILS%`), as its release 1.40 names them. */
  readonly details: string;
  /** One sentence: what failed, where, why. '' when nothing did. */
  readonly reason: string;
}

/** The response of an endpoint was passed on. */
export const VIA_UPSTREAM: Ending = { flag: '-', details: 'via_upstream', reason: '' };

/** A rule answered: a redirect or a direct response. */
export const BY_RULE: Ending = { flag: '-', details: 'direct_response', reason: '' };

/** CORS answered. */
export const BY_CORS: Ending = { flag: '-', details: 'cors_response', reason: '' };

export const CLIENT_GONE: Ending = {
  flag: 'DC',
  details: 'downstream_remote_disconnect',
  reason: 'the client closed the connection before it had the whole response',
};

/** Nobody waits for the answer any more, while an app may still work on it. */
export function abandons({ flag }: Ending): boolean {
  return flag === 'DC' || flag.endsWith('UT');
}
