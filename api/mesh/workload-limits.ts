/**
 * Limits that a workload asks for in the annotations of its pods, in front of its app: Istio has no resource for either,
 * and EnvoyFilter, which its users take instead, names Envoy's insides.
 */
import { z } from 'zod';
import { parseDuration } from '../foundation/duration.ts';
import {
  CONNECTION_LIMIT_ANNOTATIONS,
  type ConnectionLimits,
  connectionLimitsOf,
  wrongConnectionLimit,
} from './connection-limits.ts';

const PREFIX = 'traffic.weft.dev/';

/** How many requests its app gets: a TokenBucket of Envoy in JSON. */
export const LOCAL_RATE_LIMIT: string = `${PREFIX}local-rate-limit`;
/** `true`: as many requests at once as its latency bears. */
export const ADAPTIVE_CONCURRENCY: string = `${PREFIX}adaptive-concurrency`;

const FOR_APPS = [LOCAL_RATE_LIMIT, ADAPTIVE_CONCURRENCY];
const KNOWN = [...FOR_APPS, ...CONNECTION_LIMIT_ANNOTATIONS];

/** Says which pods are gateways. */
const TEMPLATES = 'inject.istio.io/templates';

const MAX_COUNT = 0xffff_ffff;

/** Envoy refuses shorter ones. */
const MIN_FILL_MS = 50;
const MAX_FILL_MS = 86_400_000;

const Count = z.int().min(1).max(MAX_COUNT);
const FillInterval = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= MIN_FILL_MS && ms <= MAX_FILL_MS) return ms;
  context.addIssue('must be a duration such as "1s", from 50ms to 24h');
  return z.NEVER;
});

/** Envoy's TokenBucket, with the names and defaults of its JSON form. */
const TokenBucket = z.strictObject({
  maxTokens: Count,
  tokensPerFill: Count.default(1),
  fillInterval: FillInterval,
});

export interface RateLimit {
  readonly maxTokens: number;
  readonly tokensPerFill: number;
  readonly fillIntervalMs: number;
}

export interface WorkloadLimits {
  readonly rateLimit: RateLimit | undefined;
  readonly adaptiveConcurrency: boolean;
  readonly connections: ConnectionLimits;
}

export interface WrongAnnotation {
  readonly annotation: string;
  /** What is wrong, after the annotation's name. */
  readonly message: string;
}

type Annotations = Readonly<Record<string, string>>;

/** What the annotations ask for; one that is wrong asks for nothing, and is told of by `wrongLimits`. */
export function limitsOf(annotations: Annotations = {}): WorkloadLimits {
  const bucket = parseBucket(annotations[LOCAL_RATE_LIMIT]);
  return {
    rateLimit: typeof bucket === 'string' ? undefined : bucket,
    adaptiveConcurrency: annotations[ADAPTIVE_CONCURRENCY] === 'true',
    connections: connectionLimitsOf(annotations),
  };
}

/** What is wrong with the annotations, those with a name of ours that means nothing included. */
export function wrongLimits(annotations: Annotations = {}): WrongAnnotation[] {
  const isGateway = annotations[TEMPLATES] === 'gateway';
  return Object.entries(annotations)
    .filter(([annotation]) => annotation.startsWith(PREFIX))
    .flatMap(([annotation, value]) => {
      const message =
        isGateway && FOR_APPS.includes(annotation)
          ? 'is not supported at gateways: they have no app'
          : wrongWith(annotation, value);
      return message === undefined ? [] : [{ annotation, message }];
    });
}

function wrongWith(annotation: string, value: string): string | undefined {
  if (annotation === LOCAL_RATE_LIMIT) {
    const bucket = parseBucket(value);
    return typeof bucket === 'string' ? bucket : undefined;
  }
  if (annotation === ADAPTIVE_CONCURRENCY) {
    return value === 'true' || value === 'false' ? undefined : 'must be "true" or "false"';
  }
  if (CONNECTION_LIMIT_ANNOTATIONS.includes(annotation)) return wrongConnectionLimit(annotation, value);
  return `is not known; there are ${KNOWN.slice(0, -1).join(', ')} and ${KNOWN.at(-1)}`;
}

/** A text is what is wrong with it. */
function parseBucket(text: string | undefined): RateLimit | string | undefined {
  if (text === undefined) return undefined;
  const { success, data, error } = TokenBucket.safeParse(decoded(text));
  if (success) {
    const { maxTokens, tokensPerFill, fillInterval: fillIntervalMs } = data;
    return { maxTokens, tokensPerFill, fillIntervalMs };
  }
  return error.issues.map(inWords).join('; ');
}

/** Undefined when it is no JSON. */
function decoded(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function inWords(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `${issue.keys.join(', ')}: unknown or unsupported field`;
  if (issue.path.length > 0) return `${issue.path.join('.')}: ${issue.message}`;
  return 'must be a JSON object such as {"maxTokens":100,"tokensPerFill":100,"fillInterval":"1s"}';
}
