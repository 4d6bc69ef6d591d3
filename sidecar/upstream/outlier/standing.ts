/**
 * An endpoint's standing with outlier detection.
 *
 *     serving --ejected--> ejected --its time is over--> trial --a try succeeded--> serving
 *                             ^                            |
 *                             +-------- a try failed ------+
 *
 * Envoy lets an endpoint back with its whole traffic when its time is over. Here it gets one try first, so that an
 * endpoint that is still broken costs one request and not as many as it takes to be found out again.
 */
export type Standing =
  | { readonly kind: 'serving' }
  | { readonly kind: 'ejected'; readonly untilMs: number }
  | {
      readonly kind: 'trial';
      /** When the try was given to somebody, who may have begun it; undefined when it is to be had. */
      readonly givenMs: number | undefined;
      /** When it began. */
      readonly begunMs: number | undefined;
    };

export const SERVING: Standing = { kind: 'serving' };
export const TRIAL: Standing = { kind: 'trial', givenMs: undefined, begunMs: undefined };

/**
 * A try that was given away and has not begun after this long is given again, milliseconds. Who uses a try begins it in the
 * same turn, before any wait for a connection: one that has not begun was refused by a breaker, or not wanted.
 */
const LAPSE_MS = 1_000;
/** A try that has not ended after this long says nothing for now (it may be a stream): another one is given, milliseconds. */
const PATIENCE_MS = 10_000;

/** Whether a try is to be had now. */
export function offersTrial(standing: Standing, nowMs: number): boolean {
  if (standing.kind !== 'trial') return false;
  if (standing.begunMs !== undefined) return nowMs - standing.begunMs >= PATIENCE_MS;
  return standing.givenMs === undefined || nowMs - standing.givenMs >= LAPSE_MS;
}

/** The try was given to somebody. */
export function trialGiven(nowMs: number): Standing {
  return { kind: 'trial', givenMs: nowMs, begunMs: undefined };
}

/** A try began: the one on trial, unless one is under way. */
export function trialBegun(standing: Standing, nowMs: number): Standing {
  if (standing.kind !== 'trial' || standing.begunMs !== undefined) return standing;
  return { kind: 'trial', givenMs: standing.givenMs, begunMs: nowMs };
}

/** Whether a try that began at `startMs` is the one on trial, or one that began since: then its end is the verdict. */
export function decidesTrial(standing: Standing, startMs: number): boolean {
  return standing.kind === 'trial' && standing.begunMs !== undefined && startMs >= standing.begunMs;
}
