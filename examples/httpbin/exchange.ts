/**
 * One request and its answer, as httpbin's handlers see them. Answers may be streamed, so a handler writes to the
 * response itself; bodies of requests are read whole, up to a limit.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** Groups of the route's path, percent-decoded. */
  readonly groups: readonly string[];
}

export type Handler = (exchange: Exchange) => void | Promise<void>;

const MAX_BODY_BYTES = 1024 * 1024;

/** What is wrong with a request, with the status that says so. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function sendJson({ response }: Pick<Exchange, 'response'>, value: unknown, status = 200): void {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

export function sendText({ response }: Pick<Exchange, 'response'>, type: string, text: string): void {
  response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

/** A whole number from 0 to `max`; what is larger is taken as `max`. */
export function count(text: string | undefined, max: number): number {
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw new Refused(400, `not a number: ${text}`);
  return Math.min(Number(text), max);
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Refused(413, `the body is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
