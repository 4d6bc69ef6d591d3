/** What can keep a request from getting an endpoint's answer, each with the reply that says so: which endpoint, which cause. */
import type { Cluster } from '#sidecar/upstream/cluster.ts';
import type { Endpoint } from '#sidecar/upstream/endpoint.ts';
import type { LocalReply } from './local-reply.ts';

export function noEndpoint({ service }: Cluster): LocalReply {
  return { status: 503, flag: 'UH', reason: `no endpoint of ${service.host} is available` };
}

export function tooManyRequests({ service, breakers }: Cluster): LocalReply {
  const reason = `${service.host} has ${breakers.requests.used} requests under way, all that its circuit breaker lets through`;
  return { status: 503, flag: 'UO', reason };
}

export function tooManyPending({ service, breakers }: Cluster): LocalReply {
  const reason = `${breakers.pending.used} requests wait for a connection to ${service.host} already, all that its circuit breaker lets wait`;
  return { status: 503, flag: 'UO', reason };
}

export function unreachable(cluster: Cluster, endpoint: Endpoint | undefined, cause: string): LocalReply {
  return { status: 503, flag: 'UF', reason: `cannot connect to ${nameOf(cluster, endpoint)}: ${cause}` };
}

/** Nothing of an answer came: 503, as in Envoy. */
export function closedEarly(cluster: Cluster, endpoint: Endpoint | undefined): LocalReply {
  const reason = `${nameOf(cluster, endpoint)} closed the connection before it answered`;
  return { status: 503, flag: 'UC', reason };
}

/** An answer began and broke off, which tells nobody what it was to be. */
export function brokenOff(cluster: Cluster, endpoint: Endpoint | undefined): LocalReply {
  const reason = `${nameOf(cluster, endpoint)} closed the connection within the head of its response`;
  return { status: 502, flag: 'UC', reason };
}

export function malformed(cluster: Cluster, endpoint: Endpoint | undefined, sentence: string): LocalReply {
  return { status: 502, flag: 'UPE', reason: `the response of ${nameOf(cluster, endpoint)} ${sentence}` };
}

/** `limitMs` is what the try or the request was given. */
export function tooSlow(cluster: Cluster, endpoint: Endpoint | undefined, limitMs: number): LocalReply {
  const reason = `${nameOf(cluster, endpoint)} did not answer within ${Math.round(limitMs)} ms`;
  return { status: 504, flag: 'UT', reason };
}

export function alreadyLate({ service }: Cluster): LocalReply {
  const reason = `the time that the caller gave the request was over before it could be sent to ${service.host}`;
  return { status: 504, flag: 'DT', reason };
}

/** The last of several tries failed, and the policy allows no more. */
export function inVain(last: LocalReply, tries: number): LocalReply {
  return {
    ...last,
    flag: last.flag === 'UT' ? 'UT' : 'URX',
    reason: `${last.reason} (try ${tries} of ${tries})`,
  };
}

/** The breaker of retries let this failure stand. */
export function notRetried(last: LocalReply, { service }: Cluster): LocalReply {
  const reason = `${last.reason}; it was not tried again, since too many requests to ${service.host} are being retried`;
  return { ...last, flag: last.flag === 'UT' ? 'UT' : 'UO', reason };
}

function nameOf({ service }: Cluster, endpoint: Endpoint | undefined): string {
  return endpoint === undefined ? service.host : `${endpoint.key} of ${service.host}`;
}
