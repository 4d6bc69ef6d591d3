import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

/** A request as handlers see it. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The whole body; throws `RequestEntityTooLarge`. */
  body(): Promise<Buffer>;
  /** Aborts when the client went away or the server stops. */
  readonly signal: AbortSignal;
}

/** A whole answer. */
export interface Reply {
  readonly code: number;
  readonly contentType: string;
  readonly body: string | Buffer;
}

/** An answer that goes on for a while: writes head and body by itself, and resolves when it is over. */
export interface StreamReply {
  stream(response: ServerResponse): Promise<void>;
}

export type Handler = (request: ApiRequest) => Promise<Reply | StreamReply>;

export const JSON_TYPE = 'application/json';

export function jsonReply(value: unknown, code = 200): Reply {
  return { code, contentType: JSON_TYPE, body: JSON.stringify(value) };
}

/** JSON that is already text. */
export function textReply(text: string, code = 200, contentType = JSON_TYPE): Reply {
  return { code, contentType, body: text };
}

export function toApiRequest(
  incoming: IncomingMessage,
  url: URL,
  signal: AbortSignal,
  body: () => Promise<Buffer>,
): ApiRequest {
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    body,
    signal,
  };
}
