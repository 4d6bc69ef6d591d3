import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { addAbortSignal, type Duplex } from 'node:stream';
import type { Clock } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import { portError } from '#api/foundation/port-error.ts';
import { type Authenticate, bearerToken } from './http/authenticate.ts';
import { readBody } from './http/body.ts';
import { type Handler, toApiRequest } from './http/exchange.ts';
import { refuseUpgrade, send, sendError } from './http/respond.ts';
import { describeRequest, type RequestObserver } from './observation.ts';
import { asApiError, badRequest, noSuchPath, unauthorized } from './registry/statuses.ts';
import { parseResourcePath } from './resources/resource-path.ts';
import { createRoutes, isPublic, type RouteEnvironment } from './routes.ts';
import { podExec } from './runtime/pod-exec.ts';

export interface ApiServerOptions extends RouteEnvironment {
  readonly port: number;
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
  readonly token: string;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly requests?: RequestObserver;
}

export interface ApiServer {
  /** The port it listens on; differs from the asked one when that was 0. */
  readonly port: number;
  /** Serves with another certificate from the next connection on. */
  renew(pair: { readonly certificate: string; readonly key: string }): void;
  /** Ends watches and streams, lets other requests finish, and closes. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
const MAX_CONNECTIONS = 4_096;
const SWITCHING_PROTOCOLS = 101;
/** Requests that are still running this long after the end of the watches are cut off. */
const CLOSE_GRACE_MS = 2_000;

/** Starts the HTTPS server on 127.0.0.1. Rejects with a WeftError `PortInUse` or `PortForbidden`. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const stopping = new AbortController();
  const authenticate = bearerToken(options.token);
  const routes = createRoutes(options);
  const { certificate: cert, key } = options;
  const server = createServer({ cert, key, minVersion: 'TLSv1.2' });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = MAX_CONNECTIONS;
  server.on('request', (incoming, response) => {
    void answer({ options, authenticate, routes, stopping: stopping.signal }, incoming, response);
  });
  server.on('upgrade', (incoming, socket, head) => {
    socket.on('error', () => socket.destroy());
    addAbortSignal(stopping.signal, socket);
    upgrade(options, authenticate, incoming, socket, head).catch((error: unknown) => {
      refuseUpgrade(socket, asApiError(error));
    });
  });
  await listen(server, options.port);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    renew: (pair) => server.setSecureContext({ cert: pair.certificate, key: pair.key }),
    async close() {
      stopping.abort();
      await closeServer(server, options.clock);
    },
  };
}

interface Serving {
  readonly options: ApiServerOptions;
  readonly authenticate: Authenticate;
  readonly routes: Handler;
  readonly stopping: AbortSignal;
}

async function answer(serving: Serving, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { options } = serving;
  const ended = observe(options, incoming);
  const gone = new AbortController();
  response.once('close', () => {
    gone.abort();
    ended(response.statusCode);
  });
  response.on('error', () => gone.abort());
  response.once('finish', () => {
    if (serving.stopping.aborted) incoming.socket.destroySoon();
  });
  try {
    const url = urlOf(incoming);
    if (!isPublic(url.pathname) && !serving.authenticate(incoming.headers)) throw unauthorized();
    const signal = AbortSignal.any([gone.signal, serving.stopping]);
    const reply = await serving.routes(toApiRequest(incoming, url, signal, () => readBody(incoming)));
    if ('stream' in reply) await reply.stream(response);
    else send(response, reply, incoming.method !== 'HEAD');
  } catch (error) {
    fail(options.logger, incoming, response, gone.signal.aborted, error);
  }
}

function fail(
  logger: Logger,
  incoming: IncomingMessage,
  response: ServerResponse,
  gone: boolean,
  error: unknown,
): void {
  if (gone || response.headersSent) {
    response.destroy();
    return;
  }
  const refusal = asApiError(error);
  if (refusal.code >= 500) {
    logger.error('a request failed', {
      method: incoming.method,
      path: incoming.url?.split('?')[0],
      code: refusal.code,
      cause: messageOf(error),
    });
  }
  sendError(response, incoming, refusal);
}

function urlOf(incoming: IncomingMessage): URL {
  try {
    return new URL(`https://apiserver${incoming.url ?? '/'}`);
  } catch {
    throw badRequest('the path of the request cannot be read');
  }
}

async function upgrade(
  options: ApiServerOptions,
  authenticate: Authenticate,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  if (!authenticate(incoming.headers)) throw unauthorized();
  const url = urlOf(incoming);
  const path = parseResourcePath(url.pathname);
  const ended = observe(options, incoming, true);
  socket.once('close', () => ended(SWITCHING_PROTOCOLS));
  if (path?.subresource !== 'exec' || !path.kind.subresources.includes('exec'))
    throw noSuchPath(url.pathname);
  await podExec(options.registry, incoming, url.searchParams, path, { socket, head });
}

/** The returned function is called with the answer's code once it has ended. */
function observe(
  { requests, clock }: ApiServerOptions,
  incoming: IncomingMessage,
  upgraded = false,
): (code: number) => void {
  if (requests === undefined) return () => {};
  const startedMs = clock.nowMs();
  const ended = requests.began(describeRequest(incoming, upgraded));
  return (code) => ended(code, (clock.nowMs() - startedMs) / 1000);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(portError(port, cause, 'apiPort')));
    server.listen(port, HOST, resolve);
  });
}

async function closeServer(server: Server, clock: Clock): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = clock.after(CLOSE_GRACE_MS, () => server.closeAllConnections());
  await closed;
  timer.cancel();
}
