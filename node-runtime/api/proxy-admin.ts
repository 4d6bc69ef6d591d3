import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Client } from 'undici';
import { messageOf } from '#api/foundation/errors.ts';
import { Refusal } from './status-reply.ts';

/** The admin pages that are passed on: those that only show. */
const PAGES = new Set([
  'config_dump',
  'stats',
  'stats/prometheus',
  'clusters',
  'listeners',
  'server_info',
  'ready',
]);
const TIMEOUT_MS = 10_000;

/** Passes one page of a sidecar's admin API on, over its Unix socket. */
export async function proxyAdmin(
  socketPath: string,
  page: string,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  if (!PAGES.has(page)) throw new Refusal(404, `"${page}" is not one of ${[...PAGES].join(', ')}`);
  const client = new Client('http://sidecar', {
    socketPath,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  try {
    const path = `/${page}${query.size === 0 ? '' : `?${query}`}`;
    const answer = await client.request({ method: 'GET', path }).catch((error: unknown) => {
      throw new Refusal(503, `the sidecar does not answer: ${messageOf(error)}`);
    });
    const type = [answer.headers['content-type']].flat()[0] ?? 'text/plain';
    response.writeHead(answer.statusCode, { 'content-type': type });
    await pipeline(answer.body, response);
  } finally {
    void client.destroy();
  }
}
