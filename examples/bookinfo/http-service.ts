/**
 * The little HTTP that the four services share: a table of routes, JSON answers, and a lame-duck stop.
 *
 * After SIGTERM the service keeps answering for a moment, with `connection: close`, because callers learn later
 * than the process that it is going away; then it finishes what is under way and ends.
 */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Text of the body, at most `MAX_BODY_BYTES`. */
  body(): Promise<string>;
}

export interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  /** Matches the whole path; groups are handed to the handler. */
  readonly path: RegExp;
  readonly handle: (request: Request, groups: readonly string[]) => Response | Promise<Response>;
}

const LAME_DUCK_MS = 500;
const MAX_BODY_BYTES = 64 * 1024;

export function json(value: unknown, status = 200): Response {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

export function html(body: string, status = 200): Response {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}

/** Serves the routes on every address until SIGTERM. The port is the first argument, else $PORT, else 9080. */
export function serve(name: string, routes: readonly Route[]): Server {
  const port = Number(process.argv[2] ?? process.env['PORT'] ?? 9080);
  const server = createServer(async (incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', 'http://service');
    const request: Request = {
      method: incoming.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body: () => readBody(incoming),
    };
    const response = await answer(routes, request);
    if (request.path !== '/health' || response.status !== 200) {
      console.log(`${request.method} ${request.path} ${response.status}`);
    }
    outgoing.writeHead(response.status, response.headers);
    outgoing.end(request.method === 'HEAD' ? undefined : response.body);
  });
  server.keepAliveTimeout = 60_000;
  process.once('SIGTERM', () => stop(server));
  process.once('SIGINT', () => stop(server));
  return server.listen(port, () => console.log(`${name} listens on port ${port}`));
}

/** The first route that matches answers; a handler that throws answers 500 and logs why. */
export async function answer(routes: readonly Route[], request: Request): Promise<Response> {
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  for (const route of routes) {
    const match = route.path.exec(request.path);
    if (match === null || match[0] !== request.path || route.method !== method) continue;
    try {
      return await route.handle(request, match.slice(1));
    } catch (error) {
      console.error(`${request.method} ${request.path} failed:`, error);
      return json({ error: 'internal error' }, 500);
    }
  }
  return json({ error: `no such page: ${request.path}` }, 404);
}

async function readBody(incoming: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error(`the body is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function stop(server: Server): void {
  server.on('request', (_request, response) => {
    response.shouldKeepAlive = false;
  });
  setTimeout(() => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  }, LAME_DUCK_MS);
}
