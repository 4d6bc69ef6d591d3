/** What clients are told that took too long, each with the limit that says so. As in Envoy: 408 while they still send, else 504. */
import type { LocalReply } from './local-reply.ts';
import type { ServerLimits } from './server-limits.ts';

export function lateHead({ headTimeoutMs }: ServerLimits): LocalReply {
  const reason = `the head of the request did not come within ${headTimeoutMs} ms (request_headers_timeout)`;
  return { status: 408, flag: 'DPE', details: 'request_header_timeout', reason };
}

export function lateRequest({ requestTimeoutMs }: ServerLimits): LocalReply {
  const reason = `the request did not come whole within ${requestTimeoutMs} ms (request_timeout)`;
  return { status: 408, flag: 'DT', details: 'request_overall_timeout', reason };
}

/** `whole`: the request is. */
export function longStream({ maxStreamMs }: ServerLimits, whole: boolean): LocalReply {
  const reason = `the request took longer than ${maxStreamMs} ms (max_stream_duration)`;
  return { status: whole ? 504 : 408, flag: 'DT', details: 'max_duration_timeout', reason };
}

export function idleStream(ms: number, whole: boolean): LocalReply {
  const who = whole ? 'neither side sent a byte' : 'the client sent no byte';
  const reason = `${who} for ${Math.round(ms)} ms (stream_idle_timeout)`;
  return { status: whole ? 504 : 408, flag: 'SI', details: 'stream_idle_timeout', reason };
}
