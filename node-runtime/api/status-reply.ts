import type { ServerResponse } from 'node:http';
import type { Status } from '#api/client/client.ts';
import { messageOf, WeftError } from '#api/foundation/errors.ts';

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};

/** A request that is answered with a refusal. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  return new Refusal(error instanceof WeftError ? 400 : 500, messageOf(error));
}

/** Kubernetes' `Status`, as the API server passes it on. */
export function statusFor({ code, message }: Refusal): Status & { apiVersion: 'v1' } {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message,
    reason: REASONS[code] ?? 'InternalError',
    code,
  };
}

export function sendRefusal(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const refusal = refusalOf(error);
  sendJson(response, refusal.code, statusFor(refusal));
}

export function sendJson(response: ServerResponse, code: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
