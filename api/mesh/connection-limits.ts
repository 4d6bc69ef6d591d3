/**
 * What a pod's sidecar allows those who connect to the pod, one annotation for each limit: the fields of Envoy's connection
 * manager, buffer filter and connection limit, by their names. Without an annotation each has the mesh's default, which is
 * Istio's, where Istio has one, and else Envoy's.
 */
import { parseDuration } from '../foundation/duration.ts';

const PREFIX = 'traffic.weft.dev/';

/** Durations are milliseconds; 0 is no limit. What is absent has its default. */
export interface ConnectionLimits {
  readonly requestHeadersTimeout?: number;
  readonly requestTimeout?: number;
  readonly streamIdleTimeout?: number;
  readonly idleTimeout?: number;
  readonly maxStreamDuration?: number;
  readonly maxConnectionDuration?: number;
  readonly maxRequestsPerConnection?: number;
  readonly maxRequestHeadersKb?: number;
  readonly maxHeadersCount?: number;
  readonly maxRequestBytes?: number;
  readonly maxConnections?: number;
}

type Field = keyof ConnectionLimits;

/** What a sidecar can set a timer for, and no proxy has a use for more. */
const MAX_DURATION_MS = 86_400_000;
const MAX_COUNT = 0xffff_ffff;

/** Callers take a connection that they used within the last second for open: it must not be closed sooner. */
const MIN_IDLE_MS = 2_000;

interface Shape {
  readonly kind: 'duration' | 'count';
  readonly min: number;
  readonly max: number;
}

const DURATION: Shape = { kind: 'duration', min: 1, max: MAX_DURATION_MS };

function count(max: number): Shape {
  return { kind: 'count', min: 1, max };
}

const SHAPES: Readonly<Record<Field, Shape>> = {
  requestHeadersTimeout: DURATION,
  requestTimeout: DURATION,
  streamIdleTimeout: DURATION,
  idleTimeout: { ...DURATION, min: MIN_IDLE_MS },
  maxStreamDuration: DURATION,
  maxConnectionDuration: DURATION,
  maxRequestsPerConnection: count(MAX_COUNT),
  maxRequestHeadersKb: count(256),
  maxHeadersCount: count(1000),
  maxRequestBytes: count(MAX_COUNT),
  maxConnections: count(MAX_COUNT),
};

const FIELDS = Object.keys(SHAPES) as Field[];

/** `streamIdleTimeout` is asked for as `traffic.weft.dev/stream-idle-timeout`. */
export function annotationFor(field: Field): string {
  return PREFIX + field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const BY_ANNOTATION: ReadonlyMap<string, Field> = new Map(
  FIELDS.map((field) => [annotationFor(field), field]),
);

export const CONNECTION_LIMIT_ANNOTATIONS: readonly string[] = [...BY_ANNOTATION.keys()];

/** What the annotations ask for; one that is wrong asks for nothing. */
export function connectionLimitsOf(annotations: Readonly<Record<string, string>>): ConnectionLimits {
  const limits: { -readonly [K in Field]?: number } = {};
  for (const [annotation, field] of BY_ANNOTATION) {
    const text = annotations[annotation];
    const value = text === undefined ? undefined : readLimit(text, SHAPES[field]);
    if (value !== undefined) limits[field] = value;
  }
  return limits;
}

/** What is wrong with the value of one of `CONNECTION_LIMIT_ANNOTATIONS`, if anything is. */
export function wrongConnectionLimit(annotation: string, text: string): string | undefined {
  const field = BY_ANNOTATION.get(annotation);
  if (field === undefined || readLimit(text, SHAPES[field]) !== undefined) return undefined;
  const { kind, min, max } = SHAPES[field];
  return kind === 'duration'
    ? `must be a duration such as "30s", from ${min}ms to 24h, or "0s" for no limit`
    : `must be a whole number from ${min} to ${max}; leave it out for the default`;
}

function readLimit(text: string, { kind, min, max }: Shape): number | undefined {
  const value = kind === 'duration' ? parseDuration(text) : wholeNumber(text);
  if (value === undefined) return undefined;
  const isNone = kind === 'duration' && value === 0;
  return isNone || (value >= min && value <= max) ? value : undefined;
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
