/** Finds out how long a request may take: from its route, its header lines, and the request that the app makes it for. */
import type { ForwardDecision } from '#sidecar/routing/route-table.ts';
import { DeadlineBudget, roundedUp, smallest } from './deadline-budget.ts';
import { readTimeoutHeaders } from './deadline-headers.ts';
import type { DeadlineMemory, Remembered } from './deadline-memory.ts';
import { type Head, NO_LINE } from './head.ts';

const NONE = Number.POSITIVE_INFINITY;

/** Identities that are longer are not remembered: a UUID has 36 characters, and memory is not for callers to fill. */
const MAX_IDENTITY_LENGTH = 128;

/** The trace id in a `traceparent` (W3C Trace Context §3.2): `VERSION-TRACE-PARENT-FLAGS`. */
const TRACE_START = 3;
const TRACE_END = 35;

/** Undefined when nothing limits the request. `inherits` knows the requests that the app is busy with. */
export function budgetOf(
  bytes: Buffer,
  head: Head,
  decision: ForwardDecision,
  inherits: DeadlineMemory | undefined,
  nowMs: number,
): DeadlineBudget | undefined {
  const headers = readTimeoutHeaders(bytes, head);
  let deadlineMs = nowMs + headers.remainingMs;
  if (inherits !== undefined && !inherits.empty) {
    deadlineMs = Math.min(deadlineMs, inherits.deadlineOf(identitiesOf(bytes, head)));
  }
  const requestMs = smallest(decision.timeoutMs, roundedUp(headers.requestMs));
  const tryMs = smallest(decision.retry.perTryTimeoutMs, roundedUp(headers.tryMs));
  if (deadlineMs === NONE && requestMs === NONE && tryMs === NONE) return undefined;
  return new DeadlineBudget({ deadlineMs, requestMs, tryMs });
}

/** Keeps the deadline of a request that goes to the app, for the calls that the app makes for it. */
export function remember(
  bytes: Buffer,
  head: Head,
  budget: DeadlineBudget | undefined,
  memory: DeadlineMemory | undefined,
): Remembered | undefined {
  if (memory === undefined || (budget === undefined && memory.empty)) return undefined;
  const identities = identitiesOf(bytes, head);
  if (identities.length === 0) return undefined;
  return memory.remember(identities, budget?.deadlineMs ?? NONE, budget !== undefined);
}

function identitiesOf(bytes: Buffer, head: Head): string[] {
  const identities: string[] = [];
  const requestId = textOf(bytes, head, head.requestId);
  if (requestId !== '' && requestId.length <= MAX_IDENTITY_LENGTH) identities.push(requestId);
  const trace = textOf(bytes, head, head.traceparent).slice(TRACE_START, TRACE_END);
  if (trace.length === TRACE_END - TRACE_START) identities.push(trace);
  return identities;
}

function textOf(bytes: Buffer, head: Head, line: number): string {
  return line === NO_LINE ? '' : bytes.toString('latin1', head.valueStart[line]!, head.valueEnd[line]!);
}
