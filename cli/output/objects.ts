/** Objects as programs and people want them: JSON, YAML, names, or a table of the kind's columns. */
import { stringify } from 'yaml';
import { formatAge } from '#api/foundation/duration.ts';
import type { AnyKind, Column } from '#api/kinds/kind.ts';
import type { KubeObject } from '#api/kinds/meta.ts';
import { formatTable } from './table.ts';

export const FORMATS = ['wide', 'yaml', 'json', 'name'] as const;
export type Format = (typeof FORMATS)[number] | 'table';

/** `pod/NAME`, `deployment.apps/NAME`: as kubectl names things. */
export function nameOf(kind: AnyKind, object: KubeObject): string {
  return `${kind.singular}${kind.group === '' ? '' : `.${kind.group}`}/${object.metadata.name ?? ''}`;
}

export function formatData(value: unknown, format: 'yaml' | 'json'): string {
  return format === 'json' ? `${JSON.stringify(value, null, 4)}\n` : stringify(value, { lineWidth: 0 });
}

export interface TableOptions {
  readonly wide?: boolean;
  readonly withNamespace?: boolean;
  /** Names as `pod/NAME`, for tables of several kinds. */
  readonly prefixed?: boolean;
  readonly showLabels?: boolean;
  readonly headers?: boolean;
  readonly nowMs: number;
}

export function objectTable(kind: AnyKind, objects: readonly KubeObject[], options: TableOptions): string {
  const columns = columnsOf(kind, options.wide ?? false);
  const namespaced = (options.withNamespace ?? false) && kind.namespaced;
  const headers = [
    ...(namespaced ? ['Namespace'] : []),
    'Name',
    ...columns.map((column) => column.name),
    ...(options.showLabels ? ['Labels'] : []),
  ];
  const rows = objects.map((object) => [
    ...(namespaced ? [object.metadata.namespace ?? ''] : []),
    options.prefixed ? nameOf(kind, object) : (object.metadata.name ?? ''),
    ...columns.map((column) => cellOf(column, object, options.nowMs)),
    ...(options.showLabels ? [labelsOf(object)] : []),
  ]);
  return formatTable(options.headers === false ? [] : headers, rows);
}

/** Kinds without columns show their age, as kubectl does. */
function columnsOf(kind: AnyKind, wide: boolean): readonly Column<KubeObject>[] {
  const age: Column<KubeObject> = {
    name: 'Age',
    type: 'date',
    value: (object) => object.metadata.creationTimestamp ?? '',
  };
  const columns: readonly Column<KubeObject>[] = kind.columns.length === 0 ? [age] : kind.columns;
  return columns.filter((column) => wide || column.wide !== true);
}

function cellOf(column: Column<KubeObject>, object: KubeObject, nowMs: number): string {
  const value = column.value(object, nowMs);
  if (column.type !== 'date') return String(value);
  return value === '' ? '<unknown>' : ageOf(String(value), nowMs);
}

/** `5m` for a timestamp five minutes ago. */
export function ageOf(timestamp: string | undefined, nowMs: number): string {
  const then = Date.parse(timestamp ?? '');
  return Number.isNaN(then) ? '<unknown>' : formatAge(nowMs - then);
}

function labelsOf(object: KubeObject): string {
  const labels = Object.entries(object.metadata.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return labels.length === 0 ? '<none>' : labels.join(',');
}
