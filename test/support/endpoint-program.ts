/**
 * An endpoint that behaves as its test says, and counts what reaches it. Served on port 8080 of its pod; the test talks to it
 * at the pod's address: `/be?status=503&delay=100` tells it what to do from now on and forgets the count, `/seen` tells the
 * count. Anything else is a request: it waits, asks NEXT if there is one, passing on the request's id as applications do,
 * and answers with its pod's name.
 */
import { request } from 'undici';
import type { Pod } from '#api/kinds/pod.ts';

export const ENDPOINT = `
const http = require('node:http');
const name = require('node:os').hostname();
const agent = new http.Agent({ keepAlive: true });
let seen = 0, status = 200, delay = Number(process.env.DELAY_MS || 0);
const ask = (url, headers) => new Promise((done) => {
  http.get(url, { agent, headers }, (response) => {
    let body = '';
    response.on('data', (chunk) => { body += chunk; });
    response.on('end', () => done([response.statusCode, body]));
    response.on('error', () => done([502, '']));
  }).on('error', () => done([502, '']));
});
const server = http.createServer((request, response) => {
  const url = new URL(request.url, 'http://endpoint');
  if (url.pathname === '/seen') return response.end(String(seen));
  if (url.pathname === '/be') {
    seen = 0;
    status = Number(url.searchParams.get('status') || 200);
    delay = Number(url.searchParams.get('delay') || 0);
    return response.end();
  }
  seen += 1;
  const answer = async () => {
    const id = request.headers['x-request-id'];
    const [code, body] = process.env.NEXT ? await ask(process.env.NEXT, id ? { 'x-request-id': id } : {}) : [status, name];
    response.writeHead(code).end(body);
  };
  if (delay > 0) setTimeout(answer, delay); else answer();
});
server.keepAliveTimeout = 60000;
server.listen(8080);
process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
`;

export interface Behaviour {
  readonly status?: number;
  /** Milliseconds before it answers. */
  readonly delay?: number;
}

export async function behave(pod: Pod, { status = 200, delay = 0 }: Behaviour): Promise<void> {
  await ask(pod, `/be?status=${status}&delay=${delay}`);
}

/** Requests that reached the application since it was last told how to behave. */
export async function seenBy(pod: Pod): Promise<number> {
  return Number(await ask(pod, '/seen'));
}

async function ask(pod: Pod, path: string): Promise<string> {
  const { body, statusCode } = await request(`http://${pod.status?.podIP}:8080${path}`);
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${path}: ${statusCode} ${text}`);
  return text;
}
