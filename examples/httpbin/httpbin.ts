/**
 * httpbin: says what it was sent, and answers as it is told to. Paths and answers are those of httpbin.org, as far
 * as the tasks use them, so published commands can be followed.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import * as answers from './answers.ts';
import { type Handler, Refused, sendJson } from './exchange.ts';
import { aboutAll, aboutGet, headersOf, originOf } from './inspect.ts';

const LAME_DUCK_MS = 500;
const KEEP_ALIVE_MS = 60_000;

interface Route {
  readonly methods: readonly string[] | 'any';
  /** Matches the whole path; groups are handed to the handler. */
  readonly path: RegExp;
  readonly handle: Handler;
}

const GET = ['GET'];
const about: Handler = async (exchange) => sendJson(exchange, await aboutAll(exchange));

const ROUTES: readonly Route[] = [
  { methods: GET, path: /\/get/, handle: (exchange) => sendJson(exchange, aboutGet(exchange)) },
  { methods: ['POST'], path: /\/post/, handle: about },
  { methods: ['PUT'], path: /\/put/, handle: about },
  { methods: ['PATCH'], path: /\/patch/, handle: about },
  { methods: ['DELETE'], path: /\/delete/, handle: about },
  { methods: 'any', path: /\/anything(?:\/.*)?/, handle: about },
  { methods: GET, path: /\/headers/, handle: (e) => sendJson(e, { headers: headersOf(e.request) }) },
  { methods: GET, path: /\/ip/, handle: (e) => sendJson(e, { origin: originOf(e.request) }) },
  {
    methods: GET,
    path: /\/user-agent/,
    handle: (e) => sendJson(e, { 'user-agent': e.request.headers['user-agent'] ?? null }),
  },
  { methods: 'any', path: /\/status\/([^/]+)/, handle: answers.status },
  { methods: 'any', path: /\/delay\/(\d+(?:\.\d+)?)/, handle: answers.delay },
  { methods: GET, path: /\/(absolute-|relative-|)redirect\/(\d+)/, handle: answers.redirect },
  { methods: 'any', path: /\/redirect-to/, handle: answers.redirectTo },
  { methods: ['GET', 'POST'], path: /\/response-headers/, handle: answers.responseHeaders },
  { methods: GET, path: /\/cookies/, handle: answers.cookies },
  { methods: GET, path: /\/cookies\/set(?:\/([^/]+)\/([^/]*))?/, handle: answers.setCookies },
  { methods: GET, path: /\/bytes\/(\d+)/, handle: answers.bytes },
  { methods: GET, path: /\/stream-bytes\/(\d+)/, handle: answers.streamBytes },
  { methods: GET, path: /\/stream\/(\d+)/, handle: answers.stream },
  { methods: GET, path: /\/basic-auth\/([^/]+)\/([^/]+)/, handle: answers.basicAuth },
  { methods: GET, path: /\/html/, handle: answers.page },
  { methods: GET, path: /\/uuid/, handle: answers.uuid },
  { methods: GET, path: /\/hostname/, handle: answers.host },
  { methods: GET, path: /\/health/, handle: ({ response }) => void response.end() },
];

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await dispatch(request, response);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else if (error instanceof Refused) sendJson({ response }, { error: error.message }, error.status);
    else sendJson({ response }, { error: String(error) }, 500);
  }
}

async function dispatch(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const base = `http://${request.headers.host ?? 'httpbin'}`;
  if (!URL.canParse(request.url ?? '/', base)) throw new Refused(400, 'the address cannot be read');
  const url = new URL(request.url ?? '/', base);
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
  const onPath = ROUTES.filter(({ path }) => path.exec(url.pathname)?.[0] === url.pathname);
  if (onPath.length === 0) throw new Refused(404, `no such page: ${url.pathname}`);
  const route = onPath.find(({ methods }) => methods === 'any' || methods.includes(method));
  if (route === undefined) throw new Refused(405, `${method} is not for ${url.pathname}`);
  const groups = route.path.exec(url.pathname)!.slice(1).map(decoded);
  await route.handle({ request, response, url, groups });
}

function decoded(group: string | undefined): string {
  try {
    return decodeURIComponent(group ?? '');
  } catch {
    throw new Refused(400, 'the path cannot be read');
  }
}

/** A line for each answer, with the host that was asked for: a mirrored request has `-shadow` in it. */
function log({ method, url, headers }: IncomingMessage, { statusCode }: ServerResponse): void {
  if (url !== '/health') console.log(`${headers.host} "${method} ${url}" ${statusCode}`);
}

/** Callers learn later than the process that it goes away: it answers for a moment longer, then ends. */
function stop(server: Server): void {
  server.on('request', (_request, response) => {
    response.shouldKeepAlive = false;
  });
  setTimeout(() => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  }, LAME_DUCK_MS);
}

const port = Number(process.argv[2] ?? 8080);
const server = createServer((request, response) => {
  response.once('close', () => log(request, response));
  void answer(request, response);
});
server.keepAliveTimeout = KEEP_ALIVE_MS;
process.once('SIGTERM', () => stop(server));
process.once('SIGINT', () => stop(server));
server.listen(port, () => console.log(`httpbin listens on port ${port}`));
