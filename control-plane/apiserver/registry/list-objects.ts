import type { ListOptions } from '#api/client/client.ts';
import type { AnyKind } from '#api/kinds/kind.ts';
import type { Page } from '../../store/store.ts';
import { fieldMatcher } from '../selectors/field-selector.ts';
import { labelMatcher } from '../selectors/label-selector.ts';
import { decodeContinue, encodeContinue } from './continue-token.ts';
import type { ObjectVersion } from './object-version.ts';
import type { RegistryContext } from './registry.ts';
import { badRequest } from './statuses.ts';
import { collectionPrefix } from './storage-key.ts';

export interface ListQuery extends ListOptions {
  readonly limit?: number | undefined;
  /** The token of the page before. */
  readonly continueToken?: string | undefined;
  /** The list as it was at this revision exactly. */
  readonly at?: number | undefined;
}

export interface ObjectPage {
  readonly items: readonly ObjectVersion[];
  readonly resourceVersion: string;
  /** Present when there is more. */
  readonly continueToken?: string;
}

/** The objects of a kind that match, at one revision. */
export async function listObjects(
  context: RegistryContext,
  kind: AnyKind,
  query: ListQuery,
): Promise<ObjectPage> {
  const { namespace, limit = 0 } = query;
  if (!Number.isInteger(limit) || limit < 0) throw badRequest('limit must be a whole number, 0 or more');
  const matches = matcherOf(kind, query);
  const prefix = collectionPrefix(kind, namespace);
  let place = placeOf(query, prefix);
  const items: ObjectVersion[] = [];
  for (;;) {
    const page = await context.store.list(prefix, { ...place, ...(limit > 0 && { limit: limit + 1 }) });
    for (const entry of page.entries) {
      const version = context.versions.ofEntry(entry);
      if (!matches(version.object)) continue;
      if (limit > 0 && items.length === limit) return cutPage(items, page, prefix, kind);
      items.push(version);
    }
    const last = page.entries.at(-1);
    const resourceVersion = String(page.revision);
    if (limit === 0 || page.entries.length <= limit || last === undefined) return { items, resourceVersion };
    place = { at: page.revision, from: last.key };
  }
}

/** Whether an object is in the list or watch that the selectors describe. */
export function matcherOf(kind: AnyKind, query: ListOptions): (object: ObjectVersion['object']) => boolean {
  const labels = labelMatcher(query.labelSelector);
  const fields = fieldMatcher(kind, query.fieldSelector);
  return (object) => labels(object.metadata.labels ?? {}) && fields(object);
}

function placeOf(query: ListQuery, prefix: string): { at?: number; from?: string } {
  if (query.continueToken !== undefined && query.continueToken !== '') {
    const { revision, after } = decodeContinue(query.continueToken);
    return { at: revision, from: prefix + after };
  }
  return query.at === undefined ? {} : { at: query.at };
}

function cutPage(items: readonly ObjectVersion[], page: Page, prefix: string, kind: AnyKind): ObjectPage {
  const last = items.at(-1)?.object.metadata;
  const inNamespace = prefix === collectionPrefix(kind) && kind.namespaced;
  const after = inNamespace ? `${last?.namespace}/${last?.name}` : (last?.name ?? '');
  return {
    items,
    resourceVersion: String(page.revision),
    continueToken: encodeContinue({ revision: page.revision, after }),
  };
}
