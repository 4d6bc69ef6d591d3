/** A search as a URL says it: Jaeger's parameters, which the viewer's own page uses too. Pure. */
import { WeftError } from '#api/foundation/errors.ts';
import { LIMITS } from '../limits.ts';
import type { Query } from '../store/search.ts';

const DEFAULT_LIMIT = 20;
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-3,
  us: 1,
  µs: 1,
  ms: 1e3,
  s: 1e6,
  m: 60e6,
  h: 3_600e6,
  d: 86_400e6,
};

/** Throws a WeftError `QueryInvalid` that names the parameter. `nowUs`: what a look back is counted from. */
export function readQuery(parameters: URLSearchParams, nowUs: number): Query {
  const text = (name: string): string | undefined => parameters.get(name)?.trim() || undefined;
  const lookback = text('lookback');
  const back = lookback === undefined || lookback === 'custom' ? undefined : duration('lookback', lookback);
  return {
    service: text('service'),
    operation: text('operation'),
    tags: [...tagsOfJson(text('tags')), ...parameters.getAll('tag').map(tagOfPair)],
    leastUs: durationIf('minDuration', text('minDuration')),
    mostUs: durationIf('maxDuration', text('maxDuration')),
    errorsOnly: parameters.get('errors') === 'true',
    fromUs: timeIf('start', text('start')) ?? (back === undefined ? undefined : nowUs - back),
    untilUs: timeIf('end', text('end')),
    limit: limitOf(text('limit')),
  };
}

/** As `12ms`, `1.5s`, `300us`; Go's way of adding several up (`1m30s`) is understood. Microseconds. */
function duration(name: string, text: string): number {
  const parts = [...text.matchAll(/(\d{1,12}(?:\.\d{1,9})?)(ns|us|µs|ms|s|m|h|d)/g)];
  if (parts.length === 0 || parts.map(([all]) => all).join('') !== text)
    throw invalid(name, 'is a duration, as 12ms or 1.5s');
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * UNITS[unit!]!, 0);
}

const durationIf = (name: string, text: string | undefined): number | undefined =>
  text === undefined ? undefined : duration(name, text);

function timeIf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,16}$/.test(text)) throw invalid(name, 'is a time in microseconds since 1970');
  return Number(text);
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0) throw invalid('limit', 'is a number above 0');
  return Math.min(Number(text), LIMITS.searchResults);
}

type TagWanted = Query['tags'][number];

/** Jaeger's `tags={"http.status_code":"500"}`; the viewer's page takes `key=value key="two words"` in the same field. */
function tagsOfJson(text: string | undefined): TagWanted[] {
  if (text === undefined) return [];
  if (!text.startsWith('{')) return tagsOfWords(text);
  try {
    const tags = JSON.parse(text) as Record<string, unknown>;
    return Object.entries(tags).map(([key, value]) => ({ key, value: String(value) }));
  } catch {
    throw invalid('tags', 'is no JSON object');
  }
}

function tagsOfWords(text: string): TagWanted[] {
  const words = text.match(/[^\s="]+=(?:"[^"]*"|\S*)|\S+/g) ?? [];
  return words.map((word) => {
    const at = word.indexOf('=');
    if (at < 1) throw invalid('tags', 'has words as key=value, or key="two words"');
    return { key: word.slice(0, at), value: word.slice(at + 1).replace(/^"(.*)"$/, '$1') };
  });
}

/** Jaeger's `tag=key:value`. */
function tagOfPair(text: string): TagWanted {
  const at = text.indexOf(':');
  if (at < 1) throw invalid('tag', 'is key:value');
  return { key: text.slice(0, at), value: text.slice(at + 1) };
}

function invalid(name: string, rule: string): WeftError {
  return new WeftError('QueryInvalid', `${name} ${rule}`);
}
