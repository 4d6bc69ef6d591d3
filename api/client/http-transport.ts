/**
 * One HTTPS connection pool to one API server. Certificates are checked against the mesh's own authority only, so
 * that a token is never shown to another server that happens to listen on the port.
 */
import { Agent, type Dispatcher } from 'undici';
import { ApiError } from './client.ts';
import { statusOf } from './response-body.ts';
import { tokenRefused, transportError } from './transport-errors.ts';

export interface ServerAddress {
  /** `https://127.0.0.1:6443` */
  readonly server: string;
  /** Bearer token; never logged. */
  readonly token?: string | undefined;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca?: string | undefined;
  /** Client certificate and key, PEM, instead of a token. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Connecting takes at most this, milliseconds. */
  readonly connectTimeoutMs?: number;
  /** The server answers with headers within this, milliseconds. */
  readonly answerTimeoutMs?: number;
}

export interface HttpRequest {
  readonly method: Dispatcher.HttpMethod;
  /** With query. */
  readonly path: string;
  readonly body?: string | undefined;
  readonly contentType?: string | undefined;
  readonly accept?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A body that may be silent for ever: watches and followed logs. */
  readonly streaming?: boolean;
}

export interface Transport {
  /** Resolves with an answer below 400; throws ApiError for a refusal and WeftError when there is no answer. */
  send(request: HttpRequest): Promise<Dispatcher.ResponseData>;
  /** Makes a failure of a body under way a WeftError. */
  explain(error: unknown): Error;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** Deletions and large lists may take a while; a server that says nothing for this long is stuck. */
const ANSWER_TIMEOUT_MS = 30_000;
/** Below Node's own server default, so that the server is rarely the one who closes an idle connection. */
const KEEP_ALIVE_MS = 4_000;
/** Probes a silent watch connection, so that a peer that vanished is noticed. */
const TCP_PROBE_MS = 30_000;

export function createTransport(address: ServerAddress): Transport {
  const agent = agentFor(address);
  const explain = (error: unknown): Error => transportError(error, address.server);
  return {
    async send(request) {
      const response = await dispatch(agent, address, request).catch((error: unknown) => {
        throw request.signal?.aborted ? error : explain(error);
      });
      if (response.statusCode < 400) return response;
      const status = await statusOf(response.statusCode, response.body).catch((error: unknown) => {
        throw explain(error);
      });
      throw status.code === 401 ? tokenRefused(address.server, status.message) : new ApiError(status);
    },
    explain,
    close: () => agent.destroy(),
  };
}

function agentFor(address: ServerAddress): Agent {
  return new Agent({
    // Every watch has a connection of its own: one that stalls holds up no other.
    allowH2: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: address.answerTimeoutMs ?? ANSWER_TIMEOUT_MS,
    bodyTimeout: address.answerTimeoutMs ?? ANSWER_TIMEOUT_MS,
    connect: {
      timeout: address.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      keepAliveInitialDelay: TCP_PROBE_MS,
      ...(address.ca === undefined ? {} : { ca: address.ca }),
      ...(address.cert === undefined ? {} : { cert: address.cert }),
      ...(address.key === undefined ? {} : { key: address.key }),
    },
  });
}

function dispatch(
  agent: Agent,
  address: ServerAddress,
  request: HttpRequest,
): Promise<Dispatcher.ResponseData> {
  return agent.request({
    origin: address.server,
    path: request.path,
    method: request.method,
    headers: {
      accept: request.accept ?? 'application/json',
      'user-agent': 'weft',
      ...(address.token === undefined ? {} : { authorization: `Bearer ${address.token}` }),
      ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
    },
    body: request.body ?? null,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    ...(request.streaming ? { bodyTimeout: 0 } : {}),
  });
}
