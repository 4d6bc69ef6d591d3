import { unlinkSync } from 'node:fs';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { codeOf, messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import { listen } from '#sidecar/tcp/listen.ts';
import { inTurns, sendPacked } from './page-body.ts';

export interface Answer {
  readonly status: number;
  readonly type: 'text/plain' | 'text/plain; version=0.0.4' | 'application/json';
  /** In pieces when it may be long. */
  readonly body: string | AsyncIterable<string>;
  /** Packed where it is long; what is to arrive piece by piece is not. */
  readonly packed?: boolean;
}

/** What is answered to `METHOD /path`. The query comes as it was sent. */
export type Page = (query: URLSearchParams, headers: IncomingHttpHeaders) => Answer | Promise<Answer>;
export type Pages = Readonly<Record<string, Page>>;

export type ListenAt = { readonly host: string; readonly port: number } | { readonly path: string };

export interface HttpServer {
  /** The port that was bound; 0 for a socket file. */
  readonly port: number;
  close(): Promise<void>;
}

/** These pages answer at once; whoever is slower than this is not a scraper. */
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 64;

/** Serves a few pages off the hot path: plain node:http is enough here. Rejects when the address cannot be bound. */
export async function serve(at: ListenAt, pages: Pages, logger: Logger): Promise<HttpServer> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    request.resume();
    answer(request, pages).then(
      (result) => send(response, result, logger),
      (error: unknown) => {
        logger.error('admin page failed', { url: request.url ?? '', error: messageOf(error) });
        send(response, text(500, 'internal error\n'), logger);
      },
    );
  });
  makeRoomForNew(server);
  if ('path' in at) removeStale(at.path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', resolve);
    if ('path' in at) server.listen(at.path);
    else listen(server, at);
  });
  return {
    port: 'path' in at ? 0 : (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * The oldest connection goes when there are too many. If new ones were refused, any pod could hold them all and so keep the
 * node's probe out: the sidecar would count as not ready.
 */
function makeRoomForNew(server: Server): void {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    if (open.size <= MAX_CONNECTIONS) return;
    const [oldest] = open;
    oldest?.destroy();
  });
}

export function text(status: number, body: Answer['body']): Answer {
  return { status, type: 'text/plain', body };
}

/** Prometheus' text format; the only one, whatever else a scraper would take. */
export function metrics(pieces: AsyncIterable<string>): Answer {
  return { status: 200, type: 'text/plain; version=0.0.4', body: inTurns(pieces), packed: true };
}

export function json(body: unknown): Answer {
  return { status: 200, type: 'application/json', body: `${JSON.stringify(body, null, 1)}\n` };
}

async function answer(request: IncomingMessage, pages: Pages): Promise<Answer> {
  const url = URL.parse(request.url ?? '/', 'http://sidecar');
  if (url === null) return text(400, 'bad request\n');
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const page = pages[`${method} ${url.pathname}`];
  if (page !== undefined) return page(url.searchParams, request.headers);
  const others = Object.keys(pages).filter((key) => key.endsWith(` ${url.pathname}`));
  if (others.length > 0) return text(405, `use ${others.map((key) => key.split(' ')[0]).join(' or ')}\n`);
  return text(404, `no such page; there are:\n${Object.keys(pages).join('\n')}\n`);
}

function send(response: ServerResponse, { status, type, body, packed }: Answer, logger: Logger): void {
  response.statusCode = status;
  response.setHeader('content-type', `${type}; charset=utf-8`);
  if (response.req.method === 'HEAD') response.end();
  else if (typeof body === 'string') response.end(body);
  else {
    const sent = packed === true ? sendPacked(response, body) : pipeline(Readable.from(body), response);
    sent.catch((error: unknown) => {
      response.destroy();
      logger.debug('an admin page was not sent whole', { error: messageOf(error) });
    });
  }
}

/** A sidecar that was killed leaves its socket file behind. */
function removeStale(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
