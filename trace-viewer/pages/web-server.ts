/**
 * The viewer's pages and Jaeger's query API, on the loopback. Whoever is on this machine may read; other web sites may not:
 * a host name that is not this machine's own is refused, since a site could let its name point here.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf, WeftError } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import { answerQuery, textOf, traceIdOf } from '../jaeger/query-api.ts';
import { readQuery } from '../jaeger/read-query.ts';
import { search } from '../store/search.ts';
import { readTrace, type TraceStore } from '../store/trace-store.ts';
import { messagePage } from './layout.ts';
import { searchPage } from './search-page.ts';
import { tracePage } from './trace-page.ts';

export interface WebSettings {
  readonly store: TraceStore;
  /** Metrics text. */
  readonly expose: () => string;
  readonly wallMs: () => number;
  readonly logger: Logger;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer | Iterable<string>;
  readonly headers?: Readonly<Record<string, string>>;
}

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';

const asset = (name: string, type: string): readonly [string, Answer] => [
  `/assets/${name}`,
  { status: 200, type, body: readFileSync(new URL(`assets/${name}`, import.meta.url)) },
];
const ASSETS = new Map([
  asset('style.css', 'text/css; charset=utf-8'),
  asset('page.js', 'text/javascript; charset=utf-8'),
  asset('icon.svg', 'image/svg+xml'),
]);

export function createWebServer(settings: WebSettings): Server {
  const server = createServer({ maxHeaderSize: 16_384 }, (request, response) => {
    send(request, response, answerOf(settings, request));
  });
  server.maxConnections = 256;
  return server;
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const { status, type, body, headers } = answer;
  response.writeHead(status, { ...HEADERS, ...headers, 'content-type': type });
  request.resume();
  if (request.method === 'HEAD') response.end();
  else if (typeof body === 'string' || Buffer.isBuffer(body)) response.end(body);
  // As fast as it is read. Whoever goes away meanwhile, or asks for what cannot be made, finds the answer broken off.
  else pipeline(Readable.from(body), response).catch(() => response.destroy());
}

function answerOf(settings: WebSettings, request: IncomingMessage): Answer {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return { status: 405, type: 'text/plain', body: 'only GET\n', headers: { allow: 'GET, HEAD' } };
  if (!isOwnHost(request.headers.host))
    return { status: 421, type: 'text/plain', body: 'not a host of this viewer\n' };
  // No request target is taken apart by hand, and none can break the parser: an unfit one gets the search.
  const url = URL.parse(request.url ?? '', 'http://viewer') ?? new URL('http://viewer/search');
  try {
    return route(settings, url);
  } catch (error) {
    if (error instanceof WeftError) return mistaken(url, error);
    settings.logger.error('a page could not be made', { path: url.pathname, reason: messageOf(error) });
    return { status: 500, type: HTML, body: messagePage('This page could not be made', messageOf(error)) };
  }
}

/** The loopback's names and any address: a name that others own could be theirs. */
export function isOwnHost(host: string | undefined): boolean {
  const name = host?.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1') ?? '';
  return name === 'localhost' || name.endsWith('.localhost') || isIP(name) !== 0;
}

function route(settings: WebSettings, url: URL): Answer {
  const { store, expose } = settings;
  const nowUs = settings.wallMs() * 1_000;
  const path = url.pathname;
  const found = ASSETS.get(path);
  if (found !== undefined) return found;
  if (path === '/') return redirect('/search');
  if (path === '/search')
    return { status: 200, type: HTML, body: searchFor(settings, url.searchParams, nowUs) };
  if (path === '/trace')
    return redirect(`/trace/${encodeURIComponent(url.searchParams.get('id')?.trim() ?? '')}`);
  if (path.startsWith('/trace/')) return oneTrace(store, path.slice('/trace/'.length));
  if (path === '/metrics')
    return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: expose() };
  if (path === '/healthz') return { status: 200, type: 'text/plain', body: 'ok\n' };
  const answer = path.startsWith('/api/') ? answerQuery(store, path, url.searchParams, nowUs) : undefined;
  if (answer === undefined)
    return { status: 404, type: HTML, body: messagePage('Not found', 'There is no such page here.') };
  return { status: answer.status, type: JSON_TYPE, body: textOf(answer.body) };
}

const redirect = (location: string): Answer => ({ status: 302, type: HTML, body: '', headers: { location } });

function oneTrace(store: TraceStore, id: string): Answer {
  const traceId = traceIdOf(id);
  if (traceId === undefined)
    return {
      status: 400,
      type: HTML,
      body: messagePage('No trace id', 'A trace id has up to 32 hex digits.'),
    };
  const trace = store.get(traceId);
  if (trace !== undefined) return { status: 200, type: HTML, body: tracePage(trace) };
  const why = `No span of ${traceId} is kept: it was not sampled, has not come yet (a moment, then load this page again), or made way for newer ones.`;
  return { status: 404, type: HTML, body: messagePage('This trace is not here', why) };
}

function searchFor({ store }: WebSettings, asked: URLSearchParams, nowUs: number): string {
  const { traces: kept, tracesDropped: dropped } = store.counts;
  const services = store.services();
  const operations = [...new Set(store.operations(asked.get('service') ?? '').map(({ name }) => name))];
  const view = { asked, services, operations, kept, dropped, nowUs };
  try {
    return searchPage({
      ...view,
      traces: search(store.traces(), readQuery(asked, nowUs)).values().map(readTrace),
      mistake: undefined,
    });
  } catch (error) {
    if (!(error instanceof WeftError)) throw error;
    return searchPage({ ...view, traces: [], mistake: messageOf(error) });
  }
}

function mistaken(url: URL, error: WeftError): Answer {
  if (!url.pathname.startsWith('/api/'))
    return { status: 400, type: HTML, body: messagePage('That cannot be asked', messageOf(error)) };
  const body = { data: null, total: 0, limit: 0, offset: 0, errors: [{ code: 400, msg: messageOf(error) }] };
  return { status: 400, type: JSON_TYPE, body: JSON.stringify(body) };
}
