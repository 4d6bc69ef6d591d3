import type { ListOptions } from '#api/client/client.ts';
import { type ApiRequest, jsonReply, type Reply, textReply } from '../http/exchange.ts';
import { text, wholeNumber } from '../http/query.ts';
import type { ListQuery, ObjectPage } from '../registry/list-objects.ts';
import type { ObjectVersion } from '../registry/object-version.ts';
import type { Registry } from '../registry/registry.ts';
import { scaleOf } from '../registry/scale.ts';
import { badRequest, expired, notFound } from '../registry/statuses.ts';
import type { ResourcePath } from './resource-path.ts';
import { includeObjectOf, type TableView, tableOf, wantsTable } from './table.ts';

/** GET of one object, its status (the object again) or its scale. */
export async function getObject(
  registry: Registry,
  request: ApiRequest,
  path: ResourcePath,
  nowMs: number,
): Promise<Reply> {
  const name = path.name ?? '';
  const version = await registry.get(path.kind, path.namespace, name);
  if (version === undefined) throw notFound(path.kind, name);
  if (path.subresource === 'scale') return jsonReply(scaleOf(version.object));
  if (!wantsTable(request.headers.accept)) return textReply(version.text(path.apiVersion));
  const { resourceVersion } = version.object.metadata;
  return jsonReply(tableOf(tableView(request, path, nowMs), [version], { resourceVersion }));
}

/** GET of a collection: a list or a Table, whole or page by page. */
export async function listCollection(
  registry: Registry,
  request: ApiRequest,
  path: ResourcePath,
  nowMs: number,
): Promise<Reply> {
  const page = await registry.list(path.kind, await listQueryOf(registry, request, path));
  if (!wantsTable(request.headers.accept)) return textReply(listText(path, page));
  const metadata = {
    resourceVersion: page.resourceVersion,
    ...(page.continueToken !== undefined && { continue: page.continueToken }),
  };
  return jsonReply(tableOf(tableView(request, path, nowMs), page.items, metadata));
}

export function tableView(request: ApiRequest, path: ResourcePath, nowMs: number): TableView {
  const include = includeObjectOf(request.query);
  return { kind: path.kind, apiVersion: path.apiVersion, include, nowMs };
}

/** The selectors of a list or watch; a watch of one object selects it by name. */
export function selectionOf(request: ApiRequest, path: ResourcePath): ListOptions {
  const given = text(request.query, 'fieldSelector') ?? '';
  const fields = [
    ...(path.name === undefined ? [] : [`metadata.name=${path.name}`]),
    ...(given === '' ? [] : [given]),
  ];
  return {
    namespace: path.namespace,
    labelSelector: text(request.query, 'labelSelector'),
    fieldSelector: fields.join(','),
  };
}

async function listQueryOf(registry: Registry, request: ApiRequest, path: ResourcePath): Promise<ListQuery> {
  const { query } = request;
  const continueToken = text(query, 'continue') || undefined;
  const seen = wholeNumber(query, 'resourceVersion');
  const match = query.get('resourceVersionMatch') ?? '';
  if (!['', 'Exact', 'NotOlderThan'].includes(match)) {
    throw badRequest('resourceVersionMatch must be Exact or NotOlderThan');
  }
  if (match !== '' && seen === undefined) throw badRequest('resourceVersionMatch needs a resourceVersion');
  if (seen !== undefined && continueToken !== undefined && seen !== 0) {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  const present = await registry.revision();
  if (seen !== undefined && seen > present) {
    throw expired(`too large resource version: ${seen}, current: ${present}`);
  }
  const at = match === 'Exact' ? seen : undefined;
  return { ...selectionOf(request, path), limit: wholeNumber(query, 'limit'), continueToken, at };
}

/** The list as text, from the texts of its items. */
function listText(path: ResourcePath, page: ObjectPage): string {
  const metadata = JSON.stringify({ resourceVersion: page.resourceVersion, continue: page.continueToken });
  const items = page.items.map((version: ObjectVersion) => version.text(path.apiVersion)).join(',');
  return `{"kind":"${path.kind.kind}List","apiVersion":"${path.apiVersion}","metadata":${metadata},"items":[${items}]}`;
}
