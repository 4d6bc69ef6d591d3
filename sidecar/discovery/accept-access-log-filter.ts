/**
 * Envoy's filters of access logs, all of them as one expression: what is written is decided in one way, and a dump of the
 * configuration shows it in words.
 */
import {
  type AccessLogFilter,
  AccessLogFilterSchema,
  type ComparisonFilter,
  ComparisonFilter_Op,
  type ExtensionFilter,
} from '#api/xds/gen/envoy/config/accesslog/v3/accesslog_pb.js';
import { ExpressionFilterSchema } from '#api/xds/gen/envoy/extensions/access_loggers/filters/cel/v3/cel_pb.js';
import { flagBitOf } from '#sidecar/telemetry/response-flag-words.ts';
import type { Place } from './refusals.ts';
import { unpack } from './unpack.ts';

const SUPPORTED = new Set([
  'status_code_filter',
  'duration_filter',
  'not_health_check_filter',
  'and_filter',
  'or_filter',
  'response_flag_filter',
  'extension_filter',
]);

const MAX_DEPTH = 10;

/** CEL; undefined when it was refused. */
export function acceptAccessLogFilter(filter: AccessLogFilter, place: Place, depth = 0): string | undefined {
  place.allow(AccessLogFilterSchema, filter, SUPPORTED);
  const { case: kind, value } = filter.filterSpecifier;
  switch (kind) {
    case 'statusCodeFilter':
      return compare('response.code', (n) => String(n), value.comparison, place.in('status_code_filter'));
    case 'durationFilter':
      return compare('request.duration', ms, value.comparison, place.in('duration_filter'));
    case 'notHealthCheckFilter':
      // Requests of a health check filter are meant, and sidecars have none.
      return 'true';
    case 'andFilter':
      return join(' && ', value.filters, place.in('and_filter'), depth);
    case 'orFilter':
      return join(' || ', value.filters, place.in('or_filter'), depth);
    case 'responseFlagFilter':
      return anyFlag(value.flags, place.in('response_flag_filter'));
    case 'extensionFilter':
      return expression(value, place.in('extension_filter'));
    case undefined:
      place.refuse('says nothing');
      return undefined;
    default:
      return undefined;
  }
}

const OPERATORS = {
  [ComparisonFilter_Op.EQ]: '==',
  [ComparisonFilter_Op.GE]: '>=',
  [ComparisonFilter_Op.LE]: '<=',
} as const;

function compare(
  attribute: string,
  shown: (value: number) => string,
  comparison: ComparisonFilter | undefined,
  place: Place,
): string | undefined {
  const operator = OPERATORS[comparison?.op as keyof typeof OPERATORS] ?? undefined;
  if (comparison?.value === undefined || operator === undefined) {
    place.in('comparison').refuse('needs an operator and a value');
    return undefined;
  }
  return `${attribute} ${operator} ${shown(comparison.value.defaultValue)}`;
}

function ms(value: number): string {
  return `duration("${value}ms")`;
}

function join(
  operator: string,
  filters: readonly AccessLogFilter[],
  place: Place,
  depth: number,
): string | undefined {
  if (filters.length < 2) place.refuse('needs two filters at least');
  if (depth >= MAX_DEPTH) {
    place.refuse('is nested too deeply');
    return undefined;
  }
  const parts = filters.map((each, i) => acceptAccessLogFilter(each, place.in(`filters[${i}]`), depth + 1));
  return parts.includes(undefined) ? undefined : parts.map((part) => `(${part})`).join(operator);
}

/** No flags named: any of them. Flags are bits, and expressions have no operator for these but division. */
function anyFlag(flags: readonly string[], place: Place): string | undefined {
  if (flags.length === 0) return 'response.flags != 0';
  const bits = flags.map(flagBitOf);
  const unknown = flags.find((_, i) => (bits[i] ?? 0) === 0);
  if (unknown !== undefined) {
    place.in('flags').refuse(`${unknown} is no flag that a sidecar raises`);
    return undefined;
  }
  return bits.map((bit) => `response.flags / ${bit} % 2 == 1`).join(' || ');
}

function expression({ configType, name }: ExtensionFilter, place: Place): string | undefined {
  const config = configType.case === 'typedConfig' ? configType.value : undefined;
  const filter = unpack(config, ExpressionFilterSchema);
  if (filter !== undefined) return filter.expression;
  place.refuse(`${name} (${config?.typeUrl ?? 'without configuration'}) is not supported`);
  return undefined;
}
