/**
 * Jaeger's query API (v1, JSON), so that what reads Jaeger reads this: services, operations, traces, dependencies. Its
 * documentation calls it internal; Grafana's data source and Kiali hold it still.
 */
import { WeftError } from '#api/foundation/errors.ts';
import { search } from '../store/search.ts';
import { readTrace, type StoredTrace, type TraceStore } from '../store/trace-store.ts';
import { dependenciesOf } from './dependencies.ts';
import { readQuery } from './read-query.ts';
import { envelope, type JaegerTrace, jaegerTrace } from './shapes.ts';

export interface JsonAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Traces in their envelope, made one at a time while they are sent: all that is kept can be asked for at once. */
export class TracesAnswer {
  readonly found: readonly StoredTrace[];

  constructor(found: readonly StoredTrace[]) {
    this.found = found;
  }

  *[Symbol.iterator](): Generator<JaegerTrace> {
    for (const trace of this.found) yield jaegerTrace(readTrace(trace));
  }
}

/** The text of an answer, in pieces when it is of traces. */
export function textOf(body: unknown): string | Iterable<string> {
  return body instanceof TracesAnswer ? piecesOf(body) : JSON.stringify(body);
}

function* piecesOf(traces: TracesAnswer): Generator<string> {
  const [head, tail] = JSON.stringify({ ...envelope([]), total: traces.found.length }).split('[]') as [
    string,
    string,
  ];
  let before = `${head}[`;
  for (const trace of traces) {
    yield `${before}${JSON.stringify(trace)}`;
    before = ',';
  }
  yield `${before === ',' ? '' : before}]${tail}`;
}

/** 64 bits of an id are padded, and case does not count, as in Jaeger. */
export function traceIdOf(text: string): string | undefined {
  return /^[0-9a-fA-F]{1,32}$/.test(text) ? text.toLowerCase().padStart(32, '0') : undefined;
}

/** `path` begins with `/api/`. Undefined for what Jaeger does not have. Throws a WeftError `QueryInvalid`. */
export function answerQuery(
  store: TraceStore,
  path: string,
  parameters: URLSearchParams,
  nowUs: number,
): JsonAnswer | undefined {
  const [, , what, name, more] = path.split('/').map(decoded);
  if (what === 'services' && name === undefined) return ok(store.services());
  if (what === 'services' && more === 'operations')
    return ok([...new Set(store.operations(name!).map((operation) => operation.name))]);
  if (what === 'operations') return operations(store, parameters);
  if (what === 'traces' && name === undefined) return traces(store, parameters, nowUs);
  if (what === 'traces') return oneTrace(store, name!);
  if (what === 'dependencies') return dependencies(store, parameters, nowUs);
  return undefined;
}

const ok = (data: readonly unknown[]): JsonAnswer => ({ status: 200, body: envelope(data) });

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new WeftError('QueryInvalid', 'the path cannot be decoded');
  }
}

/** A kind that nobody told is empty, as in Jaeger. */
function operations(store: TraceStore, parameters: URLSearchParams): JsonAnswer {
  const wanted = parameters.get('spanKind') || undefined;
  const all = store
    .operations(parameters.get('service') ?? '')
    .map(({ name, kind }) => ({ name, spanKind: kind === 'unspecified' ? '' : kind }));
  return ok(all.filter(({ spanKind }) => wanted === undefined || spanKind === wanted));
}

function traces(store: TraceStore, parameters: URLSearchParams, nowUs: number): JsonAnswer {
  const ids = parameters.getAll('traceID');
  if (ids.length > 0) {
    const found = ids.slice(0, 100).flatMap((id) => store.find(traceIdOf(id) ?? '') ?? []);
    return { status: 200, body: new TracesAnswer(found) };
  }
  return { status: 200, body: new TracesAnswer(search(store.traces(), readQuery(parameters, nowUs))) };
}

function oneTrace(store: TraceStore, id: string): JsonAnswer {
  const trace = store.get(traceIdOf(id) ?? '');
  if (trace !== undefined) return ok([jaegerTrace(trace)]);
  return { status: 404, body: { ...envelope([]), errors: [{ code: 404, msg: 'trace not found' }] } };
}

/** `endTs` and `lookback` are in milliseconds, unlike everywhere else. */
function dependencies(store: TraceStore, parameters: URLSearchParams, nowUs: number): JsonAnswer {
  const endUs = Number(parameters.get('endTs') ?? nowUs / 1_000) * 1_000;
  const fromUs = endUs - Number(parameters.get('lookback') ?? 86_400_000) * 1_000;
  const inTime = Iterator.from(store.traces()).filter(({ startUs }) => startUs >= fromUs && startUs <= endUs);
  return ok(dependenciesOf(inTime.map(readTrace)));
}
