import { formatAge } from '#api/foundation/duration.ts';
import type { AnyKind, Column } from '#api/kinds/kind.ts';
import type { ObjectVersion } from '../registry/object-version.ts';
import { badRequest } from '../registry/statuses.ts';

/** What stands beside the cells of a row: `includeObject` of the request. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** kubectl's and dashboards' way to ask for printed columns. */
export function wantsTable(accept: string | undefined): boolean {
  return accept?.split(',').some((range) => /;\s*as=Table\b/.test(range)) === true;
}

export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const text = query.get('includeObject') ?? '';
  if (text === '') return 'Metadata';
  if (text === 'None' || text === 'Metadata' || text === 'Object') return text;
  throw badRequest('includeObject must be None, Metadata or Object');
}

export interface TableView {
  readonly kind: AnyKind;
  readonly apiVersion: string;
  readonly include: IncludeObject;
  readonly nowMs: number;
}

/** meta.k8s.io/v1 Table: one row an object, the columns of its kind. */
export function tableOf(
  view: TableView,
  versions: readonly ObjectVersion[],
  metadata: { readonly resourceVersion?: string; readonly continue?: string },
): object {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: [NAME_COLUMN, ...view.kind.columns.map(definitionOf)],
    rows: versions.map((version) => rowOf(view, version)),
  };
}

const NAME_COLUMN = { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 };

function definitionOf(column: Column<never>): object {
  return {
    name: column.name,
    type: column.type === 'integer' ? 'integer' : 'string',
    format: '',
    description: '',
    priority: column.wide ? 1 : 0,
  };
}

function rowOf(view: TableView, { object }: ObjectVersion): object {
  const cells = view.kind.columns.map((column) => {
    const value = column.value(object, view.nowMs);
    return column.type === 'date' ? ageOf(String(value), view.nowMs) : value;
  });
  return { cells: [object.metadata.name, ...cells], ...besides(view, object) };
}

function besides(view: TableView, object: ObjectVersion['object']): object {
  switch (view.include) {
    case 'None':
      return {};
    case 'Metadata': {
      const head = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' };
      return { object: { ...head, metadata: object.metadata } };
    }
    case 'Object':
      return { object: { ...object, apiVersion: view.apiVersion } };
  }
}

function ageOf(timestamp: string, nowMs: number): string {
  const then = Date.parse(timestamp);
  return Number.isNaN(then) ? '<unknown>' : formatAge(nowMs - then);
}
