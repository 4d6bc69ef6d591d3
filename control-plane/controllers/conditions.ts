import type { Condition } from '#api/kinds/meta.ts';

/** RFC 3339 in whole seconds, as Kubernetes writes times. */
export function timestamp(wallMs: number): string {
  return new Date(wallMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

export function conditionOf(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** The list with `next` in place of the condition of its type; the transition time stays while the status does. */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  next: Condition,
  now: string,
): Condition[] {
  const previous = conditionOf(conditions, next.type);
  const unmoved = previous?.status === next.status ? previous.lastTransitionTime : undefined;
  const merged = { ...next, lastTransitionTime: unmoved ?? next.lastTransitionTime ?? now };
  return [...(conditions ?? []).filter((condition) => condition.type !== next.type), merged];
}

export function withoutCondition(conditions: readonly Condition[] | undefined, type: string): Condition[] {
  return (conditions ?? []).filter((condition) => condition.type !== type);
}
