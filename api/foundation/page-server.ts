/**
 * Pages for machines that look at a program (metrics, readiness, what there is to scrape), on 127.0.0.1. One that
 * fails says so and takes nothing else down, and nobody who asks can hold more than a connection for a while.
 */
import { createServer, type ServerResponse } from 'node:http';
import { messageOf } from './errors.ts';
import { portError } from './port-error.ts';

export interface Page {
  readonly code?: number;
  readonly type?: string;
  readonly text: string;
}

export type Pages = Readonly<Record<string, (query: URLSearchParams) => Page | Promise<Page>>>;

export interface PageServer {
  readonly port: number;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 128;

/** `pages` by path. Rejects with a WeftError `PortInUse` or `PortForbidden` that names the `setting`. */
export async function startPages(options: {
  /** 0: any that is free. */
  readonly port: number;
  /** The port's name in mesh.json. */
  readonly setting: string;
  readonly pages: Pages;
}): Promise<PageServer> {
  const { port, setting, pages } = options;
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    response.on('error', () => response.destroy());
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      send(response, { code: 405, text: 'only GET is answered here' });
      return;
    }
    void pageAt(pages, request.url ?? '/').then((page) => send(response, page));
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(portError(port, cause, setting)));
    server.listen(port, HOST, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function pageAt(pages: Pages, url: string): Promise<Page> {
  const [path = '/', query = ''] = url.split('?', 2);
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (page === undefined) return { code: 404, text: `here are ${Object.keys(pages).join(', ')}` };
  try {
    return await page(new URLSearchParams(query));
  } catch (error) {
    return { code: 500, text: messageOf(error) };
  }
}

function send(response: ServerResponse, { code = 200, type = 'text/plain', text }: Page): void {
  response.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}
