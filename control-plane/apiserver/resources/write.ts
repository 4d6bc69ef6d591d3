import { z } from 'zod';
import { jsonIn, mediaTypeOf, objectIn, optionalObjectIn } from '../http/body.ts';
import { type ApiRequest, jsonReply, type Reply, textReply } from '../http/exchange.ts';
import { writeOptions } from '../http/query.ts';
import { patchOf } from '../patches/patch.ts';
import type { ObjectVersion } from '../registry/object-version.ts';
import type { DeletionRequest, Registry } from '../registry/registry.ts';
import { scaleOf } from '../registry/scale.ts';
import { badRequest, notFound } from '../registry/statuses.ts';
import type { Write } from '../registry/update-object.ts';
import { selectionOf } from './read.ts';
import type { ResourcePath } from './resource-path.ts';

export async function createInCollection(
  registry: Registry,
  request: ApiRequest,
  path: ResourcePath,
): Promise<Reply> {
  const options = writeOptions(request.query);
  const version = await registry.create(path.kind, path.namespace, await objectIn(request), options);
  return textReply(version.text(path.apiVersion), 201);
}

/** PUT and PATCH of an object, its status or its scale. */
export async function updateObject(
  registry: Registry,
  request: ApiRequest,
  path: ResourcePath,
): Promise<Reply> {
  const part = partOf(path.subresource);
  const change = request.method === 'PUT' ? await replacement(request) : await patch(request, path);
  const options = writeOptions(request.query);
  const version = await registry.update(path.kind, path.namespace, path.name ?? '', {
    part,
    change,
    ...options,
  });
  return part === 'scale' ? jsonReply(scaleOf(version.object)) : textReply(version.text(path.apiVersion));
}

/** `finalize` of a namespace is a write of its spec. */
function partOf(subresource: string | undefined): Write['part'] {
  return subresource === 'status' || subresource === 'scale' ? subresource : 'object';
}

async function replacement(request: ApiRequest): Promise<Write['change']> {
  const input = await objectIn(request);
  return () => input;
}

async function patch(request: ApiRequest, path: ResourcePath): Promise<Write['change']> {
  const mediaType = mediaTypeOf(request);
  patchOf(path.kind, mediaType, {});
  return patchOf(path.kind, mediaType, await jsonIn(request));
}

/** meta/v1 DeleteOptions. */
const DeleteBody = z.strictObject({
  apiVersion: z.string().optional(),
  kind: z.literal('DeleteOptions').optional(),
  gracePeriodSeconds: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .optional(),
  propagationPolicy: z.enum(['Background', 'Foreground', 'Orphan']).optional(),
  orphanDependents: z.boolean().optional(),
  preconditions: z
    .strictObject({ uid: z.string().optional(), resourceVersion: z.string().optional() })
    .optional(),
  dryRun: z.array(z.literal('All')).optional(),
});

/** From the body, else from the query, as client libraries use either. */
async function deletionRequest(request: ApiRequest): Promise<DeletionRequest> {
  const body = (await optionalObjectIn(request)) ?? fromQuery(request.query);
  const parsed = DeleteBody.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw badRequest(`the DeleteOptions are invalid: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { gracePeriodSeconds, orphanDependents, preconditions = {}, dryRun = [] } = parsed.data;
  const propagationPolicy = parsed.data.propagationPolicy ?? (orphanDependents ? 'Orphan' : undefined);
  return {
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    ...(propagationPolicy !== undefined && { propagationPolicy }),
    ...(preconditions.uid !== undefined && { uid: preconditions.uid }),
    ...(preconditions.resourceVersion !== undefined && { resourceVersion: preconditions.resourceVersion }),
    dryRun: dryRun.length > 0 || writeOptions(request.query).dryRun,
  };
}

function fromQuery(query: URLSearchParams): unknown {
  const grace = query.get('gracePeriodSeconds');
  const policy = query.get('propagationPolicy');
  return {
    ...(grace !== null && { gracePeriodSeconds: Number(grace) }),
    ...(policy !== null && { propagationPolicy: policy }),
  };
}

export async function deleteObject(
  registry: Registry,
  request: ApiRequest,
  path: ResourcePath,
): Promise<Reply> {
  const { kind, namespace, name = '' } = path;
  const result = await registry.delete(kind, namespace, name, await deletionRequest(request));
  if (result === undefined) throw notFound(kind, name);
  if (result.outcome === 'marked') return textReply(result.version.text(path.apiVersion));
  const { uid } = result.version.object.metadata;
  const details = { name, ...(kind.group !== '' && { group: kind.group }), kind: kind.plural, uid };
  return jsonReply({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
}

export async function deleteCollection(
  registry: Registry,
  request: ApiRequest,
  path: ResourcePath,
): Promise<Reply> {
  const options = await deletionRequest(request);
  const page = await registry.list(path.kind, selectionOf(request, path));
  const deleted: ObjectVersion[] = [];
  for (const { object } of page.items) {
    const { namespace, name } = object.metadata;
    const result = await registry.delete(path.kind, namespace, name, options);
    if (result !== undefined) deleted.push(result.version);
  }
  const items = deleted.map((version) => version.text(path.apiVersion)).join(',');
  const head = `"kind":"${path.kind.kind}List","apiVersion":"${path.apiVersion}"`;
  return textReply(
    `{${head},"metadata":{"resourceVersion":"${await registry.revision()}"},"items":[${items}]}`,
  );
}
