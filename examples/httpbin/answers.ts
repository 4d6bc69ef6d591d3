/** The answers that httpbin gives on demand: statuses, delays, redirects, headers, cookies, bytes. */
import { randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { count, type Exchange, Refused, sendJson, sendText } from './exchange.ts';
import { aboutAll, aboutGet, cookiesOf, valuesOf } from './inspect.ts';

const MAX_DELAY_SECONDS = 10;
const MAX_BYTES = 100 * 1024;
const MAX_LINES = 100;
const MAX_HOPS = 20;
const CHUNK_BYTES = 10 * 1024;

const PAGE = `<!DOCTYPE html>
<html>
  <head><title>httpbin</title></head>
  <body>
    <h1>Moby-Dick</h1>
    <p>Call me Ishmael. Some years ago, having little money in my purse, I thought I would sail about a little.</p>
  </body>
</html>
`;

/** `/status/418`; of several codes, each with a weight if it has one (`200:3,503:1`), one is drawn. */
export function status({ groups, response }: Exchange): void {
  const code = drawn((groups[0] ?? '').split(','));
  if (code >= 301 && code <= 308 && code !== 304) response.setHeader('location', '/redirect/1');
  if (code === 401) response.setHeader('www-authenticate', 'Basic realm="Fake Realm"');
  response.writeHead(code).end(code === 418 ? "I'm a teapot!\n" : '');
}

function drawn(choices: readonly string[]): number {
  const weighed = choices.map((choice) => {
    const [, code = '', weight = '1'] = /^([2-5]\d\d)(?::(\d+(?:\.\d+)?))?$/.exec(choice.trim()) ?? [];
    if (code === '') throw new Refused(400, `not a status code: ${choice}`);
    return { code: Number(code), weight: Number(weight) };
  });
  let left = Math.random() * weighed.reduce((sum, { weight }) => sum + weight, 0);
  for (const { code, weight } of weighed) {
    left -= weight;
    if (left < 0) return code;
  }
  return weighed[0]!.code;
}

export async function delay(exchange: Exchange): Promise<void> {
  const seconds = Number(exchange.groups[0]);
  await pause(Math.min(seconds, MAX_DELAY_SECONDS) * 1000);
  sendJson(exchange, await aboutAll(exchange));
}

export function redirect({ groups, url, response }: Exchange): void {
  const left = count(groups[1], MAX_HOPS);
  const path = left <= 1 ? '/get' : `/${groups[0]}redirect/${left - 1}`;
  response.writeHead(302, { location: groups[0] === 'absolute-' ? `${url.origin}${path}` : path }).end();
}

export function redirectTo({ url, response }: Exchange): void {
  const location = url.searchParams.get('url');
  if (location === null) throw new Refused(400, 'where to? Say ?url=');
  const code = count(url.searchParams.get('status_code') ?? '302', 999);
  response.writeHead(code >= 300 && code <= 399 ? code : 302, { location }).end();
}

/** The query's names and values as headers of the answer. */
export function responseHeaders(exchange: Exchange): void {
  const values = valuesOf(exchange.url.searchParams);
  for (const [name, value] of Object.entries(values)) exchange.response.setHeader(name, value);
  sendJson(exchange, values);
}

export function cookies(exchange: Exchange): void {
  sendJson(exchange, { cookies: cookiesOf(exchange.request) });
}

export function setCookies({ url, groups, response }: Exchange): void {
  const [name, value] = groups;
  const pairs = name === undefined ? [...url.searchParams] : [[name, value ?? '']];
  const lines = pairs.map(([key, text]) => `${key}=${encodeURIComponent(text ?? '')}; Path=/`);
  response.writeHead(302, { location: '/cookies', 'set-cookie': lines }).end();
}

export function bytes({ groups, response }: Exchange): void {
  const body = randomBytes(count(groups[0], MAX_BYTES));
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': body.length });
  response.end(body);
}

/** The same in chunks, without a length. */
export function streamBytes({ groups, response }: Exchange): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  for (let left = count(groups[0], MAX_BYTES); left > 0; left -= CHUNK_BYTES)
    response.write(randomBytes(Math.min(left, CHUNK_BYTES)));
  response.end();
}

export function stream(exchange: Exchange): void {
  const lines = count(exchange.groups[0], MAX_LINES);
  exchange.response.writeHead(200, { 'content-type': 'application/json' });
  for (let id = 0; id < lines; id += 1)
    exchange.response.write(`${JSON.stringify({ ...aboutGet(exchange), id })}\n`);
  exchange.response.end();
}

export function basicAuth(exchange: Exchange): void {
  const [user, password] = exchange.groups;
  const wanted = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  if (exchange.request.headers.authorization === wanted) sendJson(exchange, { authenticated: true, user });
  else exchange.response.writeHead(401, { 'www-authenticate': 'Basic realm="Fake Realm"' }).end();
}

export const page = (exchange: Exchange): void => sendText(exchange, 'text/html; charset=utf-8', PAGE);
export const uuid = (exchange: Exchange): void => sendJson(exchange, { uuid: randomUUID() });
/** Which pod answered. */
export const host = (exchange: Exchange): void => sendJson(exchange, { hostname: hostname() });
