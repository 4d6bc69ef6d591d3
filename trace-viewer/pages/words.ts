/** Times and flags as people read them. Pure. */
import type { Span } from '../model/span.ts';

/** `480 µs`, `3.2 ms`, `1.25 s`, `2 min 5 s` */
export function durationText(us: number): string {
  if (us < 1_000) return `${round(us, us < 10 ? 1 : 0)} µs`;
  if (us < 1_000_000) return `${round(us / 1e3, us < 10_000 ? 2 : 1)} ms`;
  if (us < 60_000_000) return `${round(us / 1e6, 2)} s`;
  const seconds = Math.round(us / 1e6);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

const round = (value: number, digits: number): string => String(Number(value.toFixed(digits)));

/** `2026-01-31 08:30:00.125`, in UTC. */
export function timeText(us: number): string {
  return new Date(us / 1_000).toISOString().replace('T', ' ').replace('Z', '');
}

/** `3 min ago` */
export function agoText(us: number, nowUs: number): string {
  const seconds = Math.max(0, (nowUs - us) / 1e6);
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** Envoy's response flags (`%RESPONSE_FLAGS%`), of those that a mesh of sidecars meets. */
const FLAGS: Readonly<Record<string, string>> = {
  NR: 'no route matched',
  NC: 'the route names an unknown cluster',
  UH: 'no healthy endpoint',
  UF: 'could not connect to the endpoint',
  UO: 'a circuit breaker was open',
  UC: 'the endpoint closed the connection',
  UR: 'the endpoint reset the stream',
  UT: 'the endpoint took too long',
  UPE: 'the endpoint broke the protocol',
  UMSDR: 'the longest duration of a stream was over',
  URX: 'all retries were used up',
  DC: 'the caller went away',
  DPE: 'the caller broke the protocol',
  DT: 'the time that was given was over',
  SI: 'nothing moved for too long',
  DI: 'a delay was injected',
  FI: 'an abort was injected',
  RL: 'the rate limit was reached',
  RLSE: 'the rate limit service failed',
  UAEX: 'authorization was denied',
  LH: 'the local health check failed',
  LR: 'reset here',
  IH: 'a header was invalid',
  OM: 'overloaded',
  DF: 'the name could not be resolved',
};

export interface FlagInWords {
  readonly flag: string;
  readonly words: string;
}

export function flagsIn(span: Span): FlagInWords[] {
  const text = tagText(span, 'response_flags') ?? '';
  return text
    .split(',')
    .filter((flag) => flag !== '' && flag !== '-')
    .map((flag) => ({ flag, words: FLAGS[flag] ?? 'a flag that this viewer does not know' }));
}

/** What went wrong, in the tracer's own words if it has some. */
export function reasonOf(span: Span): string {
  const said = ['weft.reason', 'response.reason', 'reason', 'error.message', 'exception.message']
    .map((key) => tagText(span, key))
    .find((text) => text !== undefined && text !== '');
  if (said !== undefined) return said;
  if (span.message !== '') return span.message;
  const status = statusCodeOf(span);
  return status === undefined ? '' : `answered ${status}`;
}

/** The status of the response, in today's and in older names. */
export function statusCodeOf(span: Span): string | undefined {
  return (
    tagText(span, 'http.response.status_code') ??
    tagText(span, 'http.status_code') ??
    tagText(span, 'rpc.response.status_code') ??
    tagText(span, 'rpc.grpc.status_code')
  );
}

export function tagText(span: Span, key: string): string | undefined {
  const tag = span.tags.find((one) => one.key === key);
  return tag === undefined ? undefined : String(tag.value);
}

/**
 * What a span was about in a few words: `GET /reviews/0` for a request, `→ 10.244.0.9:9080` for a try at an endpoint. Names
 * of spans are made to be counted by, and say less.
 */
export function labelOf(span: Span): string {
  const method = tagText(span, 'http.request.method') ?? tagText(span, 'http.method');
  const path = tagText(span, 'url.path') ?? pathOf(tagText(span, 'url.full') ?? tagText(span, 'http.url'));
  if (method !== undefined && path !== undefined) return `${method} ${path}`;
  const endpoint = tagText(span, 'upstream_address');
  if (/^router /.test(span.name) && endpoint !== undefined) return `→ ${endpoint}`;
  return span.name;
}

const pathOf = (url: string | undefined): string | undefined =>
  url === undefined ? undefined : (URL.parse(url)?.pathname ?? undefined);
