import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { codeOf, messageOf, WeftError } from '#api/foundation/errors.ts';
import type { AnyKind, Kind } from '#api/kinds/kind.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import { type MeshConfig, pathsOf } from '#api/mesh/config.ts';
import {
  ApiError,
  type Client,
  isReason,
  type ListOptions,
  type ListResult,
  type WatchEvent,
} from './client.ts';
import { createTransport, type HttpRequest, type ServerAddress, type Transport } from './http-transport.ts';
import { collectionPath, objectPath, type Query, selectorsOf, withQuery } from './resource-path.ts';
import { jsonOf } from './response-body.ts';
import { lines, parseWatchEvent } from './watch-stream.ts';

export interface PodLogQuery {
  readonly container?: string | undefined;
  readonly follow?: boolean | undefined;
  readonly previous?: boolean | undefined;
  readonly timestamps?: boolean | undefined;
  readonly tailLines?: number | undefined;
  readonly limitBytes?: number | undefined;
  readonly sinceSeconds?: number | undefined;
  readonly sinceTime?: string | undefined;
}

export interface RequestOptions {
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/**
 * The API over HTTPS. Besides ApiErrors, every call can throw a WeftError: `ControlPlaneNotRunning`,
 * `ControlPlaneUnreachable`, `ControlPlaneNotTrusted`, `TokenRefused`, `AnswerBroken`, `AnswerTooLarge`, `WatchBroken`.
 */
export interface HttpClient extends Client {
  /** A path outside the resources, such as `/weft/v1/…`; resolves with the decoded JSON answer. */
  request(method: HttpRequest['method'], path: string, options?: RequestOptions): Promise<unknown>;
  /** The log of one container as the server streams it; destroying the stream ends the request. */
  podLogs(namespace: string, name: string, query?: PodLogQuery): Promise<Readable>;
  close(): Promise<void>;
}

export function createHttpClient(address: ServerAddress): HttpClient {
  const transport = createTransport(address);
  return {
    ...reads(transport),
    ...writes(transport),
    watch: (kind, options) => watch(transport, kind, options),
    request: (method, path, options = {}) =>
      exchange(transport, {
        method,
        path: withQuery(path, options.query ?? {}),
        body: options.body === undefined ? undefined : JSON.stringify(options.body),
        signal: options.signal,
      }),
    async podLogs(namespace, name, query = {}) {
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log`;
      const request = {
        method: 'GET',
        path: withQuery(path, { ...query }),
        accept: '*/*',
        streaming: true,
      } as const;
      return (await transport.send(request)).body;
    },
    close: () => transport.close(),
  };
}

/** The client of the mesh on this machine, as its administrator. Throws a WeftError `MeshNotConfigured` before the first start. */
export function clientFromMesh(config: Pick<MeshConfig, 'dataDir' | 'runDir' | 'apiPort'>): HttpClient {
  const paths = pathsOf(config);
  return createHttpClient({
    server: `https://127.0.0.1:${config.apiPort}`,
    token: credential(paths.adminToken).trim(),
    ca: credential(paths.caCertificate),
  });
}

function credential(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') {
      throw new WeftError('MeshNotConfigured', `${path} does not exist: the control plane never ran`, {
        remedy: 'run: weft up',
        cause,
      });
    }
    throw new WeftError('CredentialsUnreadable', `${path} cannot be read: ${messageOf(cause)}`, {
      remedy: 'run as root, or use a kubeconfig of your own',
      cause,
    });
  }
}

async function exchange(transport: Transport, request: HttpRequest): Promise<unknown> {
  const response = await transport.send(request);
  return jsonOf(response.body).catch((error: unknown) => {
    throw request.signal?.aborted ? error : transport.explain(error);
  });
}

function reads(transport: Transport): Pick<Client, 'get' | 'list'> {
  return {
    get: async <T extends KubeObject>(kind: Kind<T>, namespace: string | undefined, name: string) => {
      const request = { method: 'GET', path: objectPath(kind, namespace, name) } as const;
      return (await unlessAbsent(exchange(transport, request))) as Stored<T> | undefined;
    },
    list: async <T extends KubeObject>(kind: Kind<T>, options: ListOptions = {}) => {
      const path = withQuery(collectionPath(kind, options.namespace), selectorsOf(options));
      const list = (await exchange(transport, { method: 'GET', path })) as RawList<T>;
      return toList(kind, list);
    },
  };
}

interface RawList<T extends KubeObject> {
  readonly items?: Stored<T>[] | null;
  readonly metadata?: { readonly resourceVersion?: string };
}

/** Items of a list leave out their kind, as Kubernetes sends them; here they get it back. */
function toList<T extends KubeObject>(kind: Kind<T>, list: RawList<T>): ListResult<T> {
  const version = list.metadata?.resourceVersion;
  if (version === undefined)
    throw new WeftError('AnswerBroken', `the list of ${kind.plural} has no resourceVersion`);
  const apiVersion = kind.group === '' ? kind.versions[0] : `${kind.group}/${kind.versions[0]}`;
  const items = (list.items ?? []).map((item) => ({ ...item, apiVersion, kind: kind.kind }));
  return { items, resourceVersion: version };
}

async function unlessAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

function writes(
  transport: Transport,
): Pick<Client, 'create' | 'update' | 'updateStatus' | 'patch' | 'delete'> {
  const send = async (request: HttpRequest, body: unknown): Promise<never> =>
    (await exchange(transport, { ...request, body: JSON.stringify(body) })) as never;
  const dryRun = (options?: { dryRun?: boolean }): Query => (options?.dryRun ? { dryRun: 'All' } : {});
  return {
    create: (kind, object, options) => {
      const path = collectionPath(kind, object.metadata.namespace);
      return send({ method: 'POST', path: withQuery(path, dryRun(options)) }, object);
    },
    update: (kind, object, options) =>
      send({ method: 'PUT', path: withQuery(pathOf(kind, object), dryRun(options)) }, object),
    updateStatus: (kind, object) => send({ method: 'PUT', path: pathOf(kind, object, 'status') }, object),
    patch: (kind, namespace, name, patch, options) => {
      const path = withQuery(objectPath(kind, namespace, name, options?.subresource), dryRun(options));
      return send({ method: 'PATCH', path, contentType: 'application/merge-patch+json' }, patch);
    },
    delete: async (kind, namespace, name, options = {}) => {
      const { uid, ...rest } = options;
      const body = { ...rest, ...(uid === undefined ? {} : { preconditions: { uid } }) };
      const request = { method: 'DELETE', path: objectPath(kind, namespace, name) } as const;
      return (await unlessAbsent(send(request, body))) !== undefined;
    },
  };
}

function pathOf(kind: AnyKind, object: KubeObject, subresource?: string): string {
  return objectPath(kind, object.metadata.namespace, object.metadata.name ?? '', subresource);
}

async function* watch<T extends KubeObject>(
  transport: Transport,
  kind: Kind<T>,
  options: ListOptions & { readonly resourceVersion: string; readonly signal: AbortSignal },
): AsyncGenerator<WatchEvent<T>> {
  const { namespace, resourceVersion, signal } = options;
  const query = { ...selectorsOf(options), watch: true, allowWatchBookmarks: true, resourceVersion };
  const path = withQuery(collectionPath(kind, namespace), query);
  try {
    const response = await transport.send({ method: 'GET', path, signal, streaming: true });
    for await (const line of lines(response.body)) yield parseWatchEvent<T>(line);
  } catch (error) {
    if (signal.aborted) return;
    throw error instanceof ApiError ? error : transport.explain(error);
  }
}
