import type { Any } from '@bufbuild/protobuf/wkt';
import type { Place } from '#sidecar/discovery/refusals.ts';
import {
  compileHeaderLevel,
  HEADER_FIELDS,
  type HeaderFields,
  type HeaderLevel,
} from './compile-header-edits.ts';
import { compileRouteFilters, type RouteFilters } from './compile-route-filters.ts';
import type { HeaderEdits } from './header-edits.ts';
import { mergeHeaderEdits } from './merge-header-edits.ts';

/** What a table, a virtual host, a route and a weighted cluster say alike; the narrower has the last or the first word. */
export interface Scope {
  /** Narrowest first. */
  readonly levels: readonly HeaderLevel[];
  /** Envoy's most_specific_header_mutations_wins: the narrowest edits headers last, not first. */
  readonly narrowestLast: boolean;
  readonly filters: RouteFilters;
}

export interface ScopeFields extends HeaderFields {
  readonly typedPerFilterConfig: Readonly<Record<string, Any>>;
}

/** The fields of a message that `narrow` reads. */
export const SCOPE_FIELDS = [...HEADER_FIELDS, 'typed_per_filter_config'] as const;

/** The scope of a whole table, before the table has said anything. */
export function widest(narrowestLast: boolean): Scope {
  return { levels: [], narrowestLast, filters: {} };
}

/** The scope inside `scope` for which `fields` speak. */
export function narrow(scope: Scope, fields: ScopeFields, place: Place): Scope {
  const level = compileHeaderLevel(fields, place);
  const filters = compileRouteFilters(fields.typedPerFilterConfig, place);
  return {
    levels: [level, ...scope.levels],
    narrowestLast: scope.narrowestLast,
    filters: { ...scope.filters, ...filters },
  };
}

export function requestEditsOf({ levels, narrowestLast }: Scope): HeaderEdits | undefined {
  const edits = levels.map(({ request }) => request);
  return mergeHeaderEdits(narrowestLast ? edits.reverse() : edits);
}

export function responseEditsOf({ levels, narrowestLast }: Scope): HeaderEdits | undefined {
  const edits = levels.map(({ response }) => response);
  return mergeHeaderEdits(narrowestLast ? edits.reverse() : edits);
}
