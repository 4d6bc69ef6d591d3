/** What httpbin says about a request: its arguments, headers, body and where it came from. */
import type { IncomingMessage } from 'node:http';
import { type Exchange, readBody } from './exchange.ts';

type Values = Record<string, string | string[]>;

/** `x-b3-traceid` as `X-B3-Traceid`; several values of one name in one line, as httpbin shows them. */
export function headersOf(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headersDistinct)
      .map(([name, values]): [string, string] => [titled(name), (values ?? []).join(',')])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function titled(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
}

/** Values by name; a name that comes more than once has a list. */
export function valuesOf(params: URLSearchParams): Values {
  return Object.fromEntries(
    [...new Set(params.keys())].map((name) => {
      const all = params.getAll(name);
      return [name, all.length === 1 ? all[0]! : all];
    }),
  );
}

export function originOf(request: IncomingMessage): string {
  const peer = request.socket.remoteAddress ?? '';
  return request.headersDistinct['x-forwarded-for']?.[0] ?? peer.replace(/^::ffff:/, '');
}

export function aboutGet({ request, url }: Exchange): object {
  return {
    args: valuesOf(url.searchParams),
    headers: headersOf(request),
    origin: originOf(request),
    url: url.href,
  };
}

export async function aboutAll(exchange: Exchange): Promise<object> {
  const { request } = exchange;
  const data = (await readBody(request)).toString('utf8');
  const isForm = (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  return {
    ...aboutGet(exchange),
    method: request.method,
    data: isForm ? '' : data,
    form: isForm ? valuesOf(new URLSearchParams(data)) : {},
    files: {},
    json: decoded(data),
  };
}

function decoded(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

export function cookiesOf(request: IncomingMessage): Record<string, string> {
  const pairs = (request.headers.cookie ?? '').split(';').flatMap((pair): [string, string][] => {
    const at = pair.indexOf('=');
    return at < 0 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()]];
  });
  return Object.fromEntries(pairs);
}
