import type { CustomTag, Tracing, WorkloadMode } from '#api/kinds/telemetry.ts';

/** Requests that a workload sends, or those that it receives. */
export type Mode = Exclude<WorkloadMode, 'CLIENT_AND_SERVER'>;

export interface TracingChoice {
  /** Undefined: nothing is traced. */
  readonly provider: string | undefined;
  /** Percent; undefined where nobody says it. */
  readonly sampling: number | undefined;
  readonly customTags: Readonly<Record<string, CustomTag>> | undefined;
  readonly istioTags: boolean;
}

/** Later ones override earlier ones, field by field; tags as a whole (Istio). `fallback`: the mesh's default provider. */
export function mergeTracing(
  sections: readonly Tracing[],
  mode: Mode,
  fallback: string | undefined,
): TracingChoice {
  const mine = sections.filter(({ match }) => isForMode(match, mode));
  const last = <Field extends keyof Tracing>(field: Field): Tracing[Field] =>
    mine.findLast((section) => section[field] !== undefined)?.[field];
  const named = mine.findLast(({ providers = [] }) => providers.length > 0)?.providers?.[0]?.name;
  return {
    provider: last('disableSpanReporting') === true ? undefined : (named ?? fallback),
    sampling: last('randomSamplingPercentage'),
    customTags: last('customTags'),
    istioTags: last('enableIstioTags') ?? true,
  };
}

export function isForMode(
  match: { readonly mode?: WorkloadMode | undefined } | undefined,
  mode: Mode,
): boolean {
  return match?.mode === undefined || match.mode === 'CLIENT_AND_SERVER' || match.mode === mode;
}
