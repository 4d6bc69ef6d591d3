import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { compileExpression } from '#api/expressions/compile-expression.ts';
import { messageOf } from '#api/foundation/errors.ts';
import { MAX_METRIC_TAGS, METRIC_NAMES } from '#api/mesh/standard-metrics.ts';
import { TypedStructSchema } from '#api/xds/gen/xds/type/v3/typed_struct_pb.js';
import type { MetricSpec, StatsSpec } from '#sidecar/telemetry/stats-spec.ts';
import type { Place } from './refusals.ts';
import { unpack } from './unpack.ts';

/** Istio's filter, whose message is none of Envoy's: it travels as a TypedStruct with this type. */
export const STATS_TYPE = 'type.googleapis.com/stats.PluginConfig';
/** TypedStruct by its older name, which Istio sends too. The two have the same fields. */
const UDPA_TYPED_STRUCT = 'type.googleapis.com/udpa.type.v1.TypedStruct';

/** Names of tags as Prometheus allows them; those that begin with `__` are its own. */
const TAG_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Written by histograms and by what scrapes. */
const RESERVED_TAGS = new Set(['le', 'quantile', 'job', 'instance']);
const MAX_METRICS = 64;
const MAX_EXPRESSION_LENGTH = 1_024;

/**
 * The filter `istio.stats`, before the router of a connection manager or before a TCP proxy. Undefined when the
 * configuration is another filter's, and nothing is said of it then.
 */
export function acceptStats(config: Any, place: Place): StatsSpec | undefined {
  const struct = typedStruct(config);
  if (struct?.typeUrl !== STATS_TYPE) return undefined;
  const metrics = acceptPlugin(struct.value ?? {}, place);
  return { key: JSON.stringify(metrics), metrics };
}

function typedStruct(config: Any) {
  const typeUrl =
    config.typeUrl === UDPA_TYPED_STRUCT
      ? `type.googleapis.com/${TypedStructSchema.typeName}`
      : config.typeUrl;
  return unpack({ ...config, typeUrl }, TypedStructSchema);
}

/** The host header never stands in for a service that is not known, so that only `true` can be said of it. */
function acceptPlugin(plugin: JsonObject, place: Place): readonly MetricSpec[] {
  for (const [field, value] of Object.entries(plugin)) {
    if (field === 'metrics') continue;
    const here = place.in(field);
    if (field !== 'disable_host_header_fallback') here.refuse('not supported');
    else if (value !== true) here.refuse('only true is supported');
  }
  const list = plugin['metrics'] ?? [];
  const here = place.in('metrics');
  if (!Array.isArray(list)) here.refuse('must be a list');
  else if (list.length > MAX_METRICS) here.refuse(`must have at most ${MAX_METRICS} entries`);
  else return list.map((entry, i) => acceptMetric(entry, place.in(`metrics[${i}]`)));
  return [];
}

function acceptMetric(entry: JsonValue, place: Place): MetricSpec {
  const fields = objectOf(entry, place);
  for (const field of Object.keys(fields)) if (!FIELDS.has(field)) place.in(field).refuse('not supported');
  return {
    name: acceptName(fields['name'] ?? '', place.in('name')),
    drop: acceptFlag(fields['drop'] ?? false, place.in('drop')),
    dimensions: acceptDimensions(fields['dimensions'] ?? {}, place.in('dimensions')),
    tagsToRemove: acceptTags(fields['tags_to_remove'] ?? [], place.in('tags_to_remove')),
  };
}

const FIELDS = new Set(['name', 'drop', 'dimensions', 'tags_to_remove']);

function acceptName(name: JsonValue, place: Place): string {
  if (typeof name !== 'string') place.refuse('must be text');
  else if (name === '' || METRIC_NAMES.includes(name)) return name;
  else place.refuse(`"${name}" is none of ${METRIC_NAMES.join(', ')}`);
  return '';
}

function acceptFlag(flag: JsonValue, place: Place): boolean {
  if (typeof flag === 'boolean') return flag;
  place.refuse('must be true or false');
  return false;
}

/** In the order of their names: in that order they are written, whatever order the map had on its way. */
function acceptDimensions(dimensions: JsonValue, place: Place): MetricSpec['dimensions'] {
  const entries = Object.entries(objectOf(dimensions, place)).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length > MAX_METRIC_TAGS) place.refuse(`must have at most ${MAX_METRIC_TAGS} tags`);
  return entries.map(([name, expression]) => {
    const here = place.in(name);
    if (!TAG_NAME.test(name) || RESERVED_TAGS.has(name)) here.refuse('is no name of a tag');
    return [name, acceptExpression(expression, here)] as const;
  });
}

function acceptExpression(expression: JsonValue, place: Place): string {
  if (typeof expression !== 'string' || expression === '') place.refuse('must be an expression');
  else if (expression.length > MAX_EXPRESSION_LENGTH)
    place.refuse(`must have at most ${MAX_EXPRESSION_LENGTH} characters`);
  else refuseUncompilable(expression, place);
  return typeof expression === 'string' ? expression : '';
}

function refuseUncompilable(expression: string, place: Place): void {
  try {
    compileExpression(expression);
  } catch (error) {
    place.refuse(messageOf(error));
  }
}

function acceptTags(tags: JsonValue, place: Place): readonly string[] {
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === 'string')) {
    place.refuse('must be a list of names');
    return [];
  }
  return tags;
}

function objectOf(value: JsonValue, place: Place): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  place.refuse('must be an object');
  return {};
}
