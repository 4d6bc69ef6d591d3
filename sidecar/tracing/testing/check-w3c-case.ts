import { expect } from 'vitest';
import { valuesOf } from './traced.ts';
import { SPAN, TRACE, type W3cCase } from './w3c-cases.ts';

/** Holds the lines that went out against what a case asks for. */
export function checkW3cCase(
  { trace, flags, tracestate, lines: came }: W3cCase,
  lines: readonly string[],
): void {
  const parents = valuesOf(lines, 'traceparent');
  expect(parents).toHaveLength(1);
  expect(parents[0]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
  const [, traceId = '', spanId = '', sent] = parents[0]!.split('-');
  expect(/[^0]/.test(traceId) && /[^0]/.test(spanId)).toBe(true);
  if (trace === 'new') expect(traceId).not.toBe(TRACE);
  else expect(came.some((line) => line.includes(traceId))).toBe(true);
  if (trace === 'passed') expect(spanId).toBe(SPAN);
  else expect(spanId).not.toBe(SPAN);
  const wanted = flags ?? (trace === 'new' ? '03' : undefined);
  if (wanted !== undefined) expect(sent).toBe(wanted);
  const states = valuesOf(lines, 'tracestate');
  expect(states.length).toBeLessThanOrEqual(1);
  expect(states[0]).toBe(tracestate);
}
