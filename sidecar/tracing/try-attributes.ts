import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type { RequestRecord } from '#sidecar/telemetry/stream-record.ts';
import type { Endpoint } from '#sidecar/upstream/endpoint.ts';
import { methodAttributes } from './method-names.ts';
import { errorType } from './request-attributes.ts';
import { hostAndPort } from './urls.ts';

/** One try, as it ended. */
export interface EndedTry {
  readonly endpoint: Endpoint;
  /** From 0. */
  readonly index: number;
  /** 0 when none came. */
  readonly status: number;
  readonly flag: ResponseFlag;
  readonly failed: boolean;
}

/** What is set on the request and on none of its tries, in front of what befell the last one. */
const OF_THE_REQUEST: ReadonlySet<string> = new Set(['DI', 'URX', 'UO']);

/**
 * The flag of a try, of which the last one ends with its request's. As in Envoy, whose router tells a delay, used up retries
 * and a retry that the breaker refused (`UO`, before another flag or beside an answer) of the request alone.
 */
export function flagOfTry(flag: ResponseFlag, status: number): ResponseFlag {
  if (flag === '-' || (flag === 'UO' && status === 0)) return flag;
  const flags = flag.split(',');
  while (OF_THE_REQUEST.has(flags[0] ?? '')) flags.shift();
  return flags.length === 0 ? '-' : (flags.join(',') as ResponseFlag);
}

/** What a try's span says: which endpoint, which answer. What the request was stands in the span above. */
export function tryAttributes(
  { endpoint, index, status, flag, failed }: EndedTry,
  record: RequestRecord,
): Record<string, string | number> {
  const attributes: Record<string, string | number> = methodAttributes(record.method);
  const { host, port } = hostAndPort(record.authority);
  attributes['server.address'] = host === '' ? endpoint.address : host;
  attributes['server.port'] = port ?? endpoint.port;
  attributes['network.peer.address'] = endpoint.address;
  attributes['network.peer.port'] = endpoint.port;
  if (status > 0) attributes['http.response.status_code'] = status;
  if (index > 0) attributes['http.request.resend_count'] = index;
  if (failed) attributes['error.type'] = errorType(status, flag);
  attributes['component'] = 'proxy';
  if (record.cluster !== undefined) {
    attributes['upstream_cluster'] = record.cluster.name;
    attributes['upstream_cluster.name'] = record.cluster.name;
  }
  attributes['upstream_address'] = endpoint.key;
  attributes['peer.address'] = endpoint.key;
  attributes['http.status_code'] = String(status);
  attributes['response_flags'] = flag;
  if (failed) attributes['error'] = 'true';
  return attributes;
}
