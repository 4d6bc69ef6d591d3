/** What a Telemetry's schema cannot say: Istio's own validation, and what a sidecar would refuse. */
import { compileTyped } from '#api/expressions/compile-expression.ts';
import { messageOf } from '#api/foundation/errors.ts';
import { MAX_METRIC_TAGS, METRIC_NAMES } from '#api/mesh/standard-metrics.ts';
import { IstioDuration } from './istio-values.ts';
import type { Check, Mistake } from './kind.ts';
import type { MetricsOverride, Telemetry } from './telemetry.ts';
import { customTagMistakes } from './telemetry-tag-checks.ts';

/** Names of tags as Prometheus allows them; those that begin with `__` are its own. */
const TAG_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Written by histograms and by what scrapes. */
const RESERVED_TAGS = new Set(['le', 'quantile', 'job', 'instance']);
export const MAX_EXPRESSION_LENGTH = 1_024;

const selectorsNameLabels: Check<Telemetry> = {
  name: 'selectors name labels, without wildcards',
  check: ({ spec }) =>
    Object.entries(spec.selector?.matchLabels ?? {}).flatMap(([name, value]): Mistake[] => {
      const path = `spec.selector.matchLabels[${name}]`;
      if (name === '') return [{ path, message: 'the name of a label must not be empty' }];
      return `${name}${value}`.includes('*') ? [{ path, message: 'wildcards are not supported' }] : [];
    }),
};

const providersAreNamed: Check<Telemetry> = {
  name: 'providers have names',
  check: ({ spec }) =>
    (['tracing', 'metrics', 'accessLogging'] as const).flatMap((section) =>
      (spec[section] ?? []).flatMap(({ providers = [] }, i) =>
        providers.flatMap(({ name }, j): Mistake[] =>
          name === ''
            ? [{ path: `spec.${section}[${i}].providers[${j}].name`, message: 'must not be empty' }]
            : [],
        ),
      ),
    ),
};

const tracingCanBeRun: Check<Telemetry> = {
  name: 'tags of spans say one thing, and sampling does not go by x-request-id',
  check: ({ spec }) =>
    (spec.tracing ?? []).flatMap(({ customTags = {}, useRequestIdForTraceSampling }, i) => {
      const path = `spec.tracing[${i}]`;
      const byRequestId: Mistake[] =
        useRequestIdForTraceSampling === true
          ? [
              {
                path: `${path}.useRequestIdForTraceSampling`,
                message: 'must be false: decisions travel in the trace context',
              },
            ]
          : [];
      return [...byRequestId, ...customTagMistakes(customTags, `${path}.customTags`)];
    }),
};

const metricsAreKnown: Check<Telemetry> = {
  name: 'metrics are those that weft has, and their tags can be written',
  check: ({ spec }) =>
    (spec.metrics ?? []).flatMap(({ overrides = [], reportingInterval }, i) => [
      ...intervalMistakes(reportingInterval, `spec.metrics[${i}].reportingInterval`),
      ...overrides.flatMap((override, j) => overrideMistakes(override, `spec.metrics[${i}].overrides[${j}]`)),
    ]),
};

const filtersAreExpressions: Check<Telemetry> = {
  name: 'filters of access logs are expressions',
  check: ({ spec }) =>
    (spec.accessLogging ?? []).flatMap(({ filter }, i) =>
      filter === undefined
        ? []
        : expressionMistakes(filter.expression, `spec.accessLogging[${i}].filter.expression`, 'bool'),
    ),
};

function intervalMistakes(interval: string | undefined, path: string): Mistake[] {
  const parsed = IstioDuration.safeParse(interval ?? '1s');
  return parsed.success ? [] : [{ path, message: parsed.error.issues[0]?.message ?? 'is no duration' }];
}

function overrideMistakes({ match, tagOverrides = {} }: MetricsOverride, path: string): Mistake[] {
  const tags = Object.entries(tagOverrides);
  return [
    ...matchMistakes(match, `${path}.match`),
    ...(tags.length > MAX_METRIC_TAGS
      ? [{ path: `${path}.tagOverrides`, message: `has ${tags.length} tags; at most ${MAX_METRIC_TAGS}` }]
      : []),
    ...tags.flatMap(([name, { operation = 'UPSERT', value = '' }]): Mistake[] => {
      const at = `${path}.tagOverrides[${name}]`;
      if (!TAG_NAME.test(name) || RESERVED_TAGS.has(name))
        return [{ path: at, message: 'is no name that a tag may have' }];
      if (operation === 'REMOVE')
        return value === '' ? [] : [{ path: `${at}.value`, message: 'may only be set with UPSERT' }];
      if (value === '') return [{ path: `${at}.value`, message: 'must be set with UPSERT' }];
      return expressionMistakes(value, `${at}.value`);
    }),
  ];
}

function matchMistakes(match: MetricsOverride['match'], path: string): Mistake[] {
  if (match?.customMetric === undefined) return [];
  const at = `${path}.customMetric`;
  if (match.metric !== undefined)
    return [{ path: at, message: 'stands beside metric: only one may be said' }];
  return METRIC_NAMES.includes(match.customMetric)
    ? []
    : [{ path: at, message: `is none of ${METRIC_NAMES.join(', ')}` }];
}

/** `wanted`: the only type that its value may have. */
function expressionMistakes(text: string, path: string, wanted?: 'bool'): Mistake[] {
  if (text.length > MAX_EXPRESSION_LENGTH)
    return [{ path, message: `has more than ${MAX_EXPRESSION_LENGTH} characters` }];
  try {
    const { type } = compileTyped(text);
    if (wanted === undefined || type === wanted) return [];
    return [{ path, message: `is a ${type}; only a ${wanted} can be true` }];
  } catch (error) {
    return [{ path, message: messageOf(error) }];
  }
}

export const telemetryChecks: readonly Check<Telemetry>[] = [
  selectorsNameLabels,
  providersAreNamed,
  tracingCanBeRun,
  metricsAreKnown,
  filtersAreExpressions,
];
