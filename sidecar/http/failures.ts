/** What can keep a request from getting an endpoint's answer, each with the reply that says so: which endpoint, which cause. */
import { flagsOf } from '#sidecar/routing/response-flag.ts';
import type { Cluster } from '#sidecar/upstream/cluster.ts';
import type { Endpoint } from '#sidecar/upstream/endpoint.ts';
import type { Ending } from './ending.ts';
import type { LocalReply } from './local-reply.ts';
import { CONNECT_TIMED_OUT } from './response-listener.ts';

export function noEndpoint({ service }: Cluster): LocalReply {
  const reason = `no endpoint of ${service.host} is available`;
  return { status: 503, flag: 'UH', details: 'no_healthy_upstream', reason };
}

export function tooManyRequests({ service, breakers }: Cluster): LocalReply {
  const reason = `${service.host} has ${breakers.requests.used} requests under way, all that its circuit breaker lets through`;
  return { status: 503, flag: 'UO', details: early('overflow'), reason };
}

export function tooManyPending({ service, breakers }: Cluster): LocalReply {
  const reason = `${breakers.pending.used} requests wait for a connection to ${service.host} already, all that its circuit breaker lets wait`;
  return { status: 503, flag: 'UO', details: early('overflow'), reason };
}

export function unreachable(cluster: Cluster, endpoint: Endpoint | undefined, cause: string): LocalReply {
  const reason = `cannot connect to ${nameOf(cluster, endpoint)}: ${cause}`;
  const reset =
    cause === CONNECT_TIMED_OUT
      ? 'connection_timeout'
      : `remote_connection_failure|${cause.replaceAll(' ', '_')}`;
  return { status: 503, flag: 'UF', details: early(reset), reason };
}

/** Nothing of an answer came: 503, as in Envoy. */
export function closedEarly(cluster: Cluster, endpoint: Endpoint | undefined): LocalReply {
  const reason = `${nameOf(cluster, endpoint)} closed the connection before it answered`;
  return { status: 503, flag: 'UC', details: early('connection_termination'), reason };
}

/** An answer began and broke off, which tells nobody what it was to be. */
export function brokenOff(cluster: Cluster, endpoint: Endpoint | undefined): LocalReply {
  const reason = `${nameOf(cluster, endpoint)} closed the connection within the head of its response`;
  return { status: 502, flag: 'UC', details: early('connection_termination'), reason };
}

/** The head of the response was passed on, and cannot be taken back. */
export function brokenWithin(cluster: Cluster, endpoint: Endpoint | undefined): Ending {
  const reason = `${nameOf(cluster, endpoint)} closed the connection within its response`;
  return { flag: 'UC', details: late('connection_termination'), reason };
}

export function malformed(cluster: Cluster, endpoint: Endpoint | undefined, sentence: string): LocalReply {
  const reason = `the response of ${nameOf(cluster, endpoint)} ${sentence}`;
  return { status: 502, flag: 'UPE', details: early('protocol_error'), reason };
}

/** As `brokenWithin`. */
export function malformedWithin(cluster: Cluster, endpoint: Endpoint | undefined, sentence: string): Ending {
  return { ...malformed(cluster, endpoint, sentence), details: late('protocol_error') };
}

/** `limitMs` is what the request was given. */
export function tooSlow(cluster: Cluster, endpoint: Endpoint | undefined, limitMs: number): LocalReply {
  const reason = `${nameOf(cluster, endpoint)} did not answer within ${Math.round(limitMs)} ms`;
  return { status: 504, flag: 'UT', details: 'response_timeout', reason };
}

/** `limitMs` is what the try was given. */
export function tryTooSlow(cluster: Cluster, endpoint: Endpoint | undefined, limitMs: number): LocalReply {
  return { ...tooSlow(cluster, endpoint, limitMs), details: 'upstream_per_try_timeout' };
}

/** As `brokenWithin`. */
export function tooSlowWithin(cluster: Cluster, endpoint: Endpoint | undefined, limitMs: number): Ending {
  const reason = `${nameOf(cluster, endpoint)} did not end its response within ${Math.round(limitMs)} ms`;
  return { flag: 'UT', details: 'response_timeout', reason };
}

export function alreadyLate({ service }: Cluster): LocalReply {
  const reason = `the time that the caller gave the request was over before it could be sent to ${service.host}`;
  return { status: 504, flag: 'DT', details: 'deadline_exceeded', reason };
}

/** The last of several tries failed, and the policy allows no more. */
export function inVain(last: LocalReply, tries: number): LocalReply {
  return { ...last, flag: flagsOf('URX', last.flag), reason: `${last.reason} (try ${tries} of ${tries})` };
}

/** The breaker of retries let this failure stand. */
export function notRetried(last: LocalReply, cluster: Cluster): LocalReply {
  return { ...last, flag: flagsOf('UO', last.flag), reason: `${last.reason}; ${notAgain(cluster)}` };
}

/** A response of the kind that is retried stands: the policy (`exhausted`) or the breaker of retries allows no other try. */
export function lastAnswer(
  verdict: 'exhausted' | 'refused',
  cluster: Cluster,
  { endpoint, count }: { readonly endpoint: Endpoint | undefined; readonly count: number },
  status: number,
): Ending {
  const answered = `${nameOf(cluster, endpoint)} answered ${status}`;
  if (verdict === 'refused') {
    return { flag: 'UO', details: 'via_upstream', reason: `${answered}; ${notAgain(cluster)}` };
  }
  return { flag: 'URX', details: 'via_upstream', reason: `${answered} (try ${count} of ${count})` };
}

/** What became of a try whose kept connection turned out to be closed; the request may go on. */
export function closedUnheard(cluster: Cluster, endpoint: Endpoint | undefined): Ending {
  const reason = `${nameOf(cluster, endpoint)} had closed the kept connection`;
  return { flag: 'UC', details: early('connection_termination'), reason };
}

function notAgain({ service }: Cluster): string {
  return `it was not tried again, since too many requests to ${service.host} are being retried`;
}

/** Envoy's words for an upstream that was reset before and after the head of its response was passed on. */
function early(reset: string): string {
  return `upstream_reset_before_response_started{${reset}}`;
}

function late(reset: string): string {
  return `upstream_reset_after_response_started{${reset}}`;
}

function nameOf({ service }: Cluster, endpoint: Endpoint | undefined): string {
  return endpoint === undefined ? service.host : `${endpoint.key} of ${service.host}`;
}
