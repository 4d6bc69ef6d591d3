import type { Clock } from '#api/foundation/clock.ts';
import type { Random } from '#api/foundation/random.ts';
import type { ApiRequest, Reply, StreamReply } from '../http/exchange.ts';
import { flag } from '../http/query.ts';
import type { Registry } from '../registry/registry.ts';
import { methodNotAllowed, noSuchPath } from '../registry/statuses.ts';
import { getObject, listCollection } from './read.ts';
import type { ResourcePath } from './resource-path.ts';
import { watchCollection } from './watch.ts';
import { createInCollection, deleteCollection, deleteObject, updateObject } from './write.ts';

export interface ResourceEnvironment {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: Random;
}

/** What the metrics call a request: Kubernetes' verbs. */
export function verbOf(request: Pick<ApiRequest, 'method' | 'query'>, path: ResourcePath): string {
  const collection = path.name === undefined;
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      if (request.query.has('watch')) return 'WATCH';
      return collection ? 'LIST' : 'GET';
    case 'DELETE':
      return collection ? 'DELETECOLLECTION' : 'DELETE';
    default:
      return request.method;
  }
}

/** Create, read, update, delete and watch of resources and of their `status` and `scale`. */
export async function handleResource(
  environment: ResourceEnvironment,
  request: ApiRequest,
  path: ResourcePath,
): Promise<Reply | StreamReply> {
  if (path.subresource !== undefined) return handleSubresource(environment, request, path);
  return path.name === undefined
    ? handleCollection(environment, request, path)
    : handleObject(environment, request, path);
}

async function handleCollection(
  { registry, clock, random }: ResourceEnvironment,
  request: ApiRequest,
  path: ResourcePath,
): Promise<Reply | StreamReply> {
  const needsNamespace = path.kind.namespaced && path.namespace === undefined;
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      return flag(request.query, 'watch')
        ? watchCollection(registry, request, path, { clock, random })
        : listCollection(registry, request, path, clock.wallMs());
    case 'POST':
      if (needsNamespace) break;
      return createInCollection(registry, request, path);
    case 'DELETE':
      if (needsNamespace) break;
      return deleteCollection(registry, request, path);
  }
  throw methodNotAllowed(request.method, request.path);
}

async function handleObject(
  { registry, clock, random }: ResourceEnvironment,
  request: ApiRequest,
  path: ResourcePath,
): Promise<Reply | StreamReply> {
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      if (flag(request.query, 'watch')) return watchCollection(registry, request, path, { clock, random });
      return getObject(registry, request, path, clock.wallMs());
    case 'PUT':
    case 'PATCH':
      return updateObject(registry, request, path);
    case 'DELETE':
      return deleteObject(registry, request, path);
  }
  throw methodNotAllowed(request.method, request.path);
}

async function handleSubresource(
  { registry, clock }: ResourceEnvironment,
  request: ApiRequest,
  path: ResourcePath,
): Promise<Reply> {
  const { kind, subresource } = path;
  const served =
    ((subresource === 'status' || subresource === 'scale') && kind.subresources.includes(subresource)) ||
    (subresource === 'finalize' && kind.kind === 'Namespace');
  if (!served) throw noSuchPath(request.path);
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      return getObject(registry, request, path, clock.wallMs());
    case 'PUT':
    case 'PATCH':
      return updateObject(registry, request, path);
  }
  throw methodNotAllowed(request.method, request.path);
}
