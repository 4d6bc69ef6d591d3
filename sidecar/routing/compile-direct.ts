import { type DataSource, DataSourceSchema } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import {
  type DirectResponseAction,
  DirectResponseActionSchema,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import type { DirectDecision } from './route-table.ts';
import { responseEditsOf, type Scope } from './scope.ts';

/** The body is kept in memory for each route. */
const MAX_BODY_BYTES = 64 * 1024;

/** RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5: answers that have no body. */
const WITHOUT_BODY = new Set([204, 205, 304]);

/** Compiles the direct response of the route called `name`. */
export function compileDirect(
  name: string,
  action: DirectResponseAction,
  scope: Scope,
  place: Place,
): DirectDecision {
  place.allow(DirectResponseActionSchema, action, new Set(['status', 'body']));
  const { status } = action;
  if (status < 200 || status > 599) place.in('status').refuse('must be between 200 and 599');
  const body = action.body === undefined ? new Uint8Array(0) : compileBody(action.body, place.in('body'));
  if (body.length > 0 && WITHOUT_BODY.has(status)) place.in('body').refuse(`${status} has no body`);
  return { kind: 'direct', route: name, status, body, responseEdits: responseEditsOf(scope) };
}

function compileBody(source: DataSource, place: Place): Uint8Array {
  place.allow(DataSourceSchema, source, new Set(['inline_string', 'inline_bytes']));
  const body = bytesOf(source);
  if (body.length > MAX_BODY_BYTES) place.refuse(`must be at most ${MAX_BODY_BYTES} bytes`);
  return body;
}

function bytesOf({ specifier: source }: DataSource): Uint8Array {
  if (source.case === 'inlineString') return new TextEncoder().encode(source.value);
  return source.case === 'inlineBytes' ? source.value : new Uint8Array(0);
}
