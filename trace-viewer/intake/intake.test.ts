import { toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { ExportTraceServiceRequestSchema } from '#api/otlp/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { LIMITS } from '../limits.ts';
import { TraceStore } from '../store/trace-store.ts';
import { requestOf } from '../testing/page-of-bookinfo.ts';
import { Intake } from './intake.ts';
import { RateLimit } from './rate-limit.ts';

const bytes = toBinary(ExportTraceServiceRequestSchema, requestOf(1, 0));

test('an address that floods is told to come later, others are not', () => {
  const clock = new ManualClock();
  const intake = new Intake(new TraceStore(LIMITS), clock);
  const most = Math.floor((LIMITS.spansPerSecond * LIMITS.burstSeconds) / 11);
  for (let i = 0; i < most; i++) expect(intake.accept(bytes, 'protobuf', 'a').kind).toBe('taken');
  expect(intake.accept(bytes, 'protobuf', 'a')).toMatchObject({ kind: 'too-much', why: /spans/ });
  expect(intake.accept(bytes, 'protobuf', 'b').kind).toBe('taken');
  clock.advance(1_000);
  expect(intake.accept(bytes, 'protobuf', 'a').kind).toBe('taken');
  expect(intake.counts).toMatchObject({ requests: most + 3, requestsTooMuch: 1, spans: (most + 2) * 11 });
});

test('what is being read at one time has an end', () => {
  const intake = new Intake(new TraceStore(LIMITS), new ManualClock());
  expect(intake.reserve(LIMITS.pendingBytes)).toBe(true);
  expect(intake.reserve(1)).toBe(false);
  intake.giveBack(LIMITS.pendingBytes);
  expect(intake.reserve(1)).toBe(true);
});

test('a rate limit forgets addresses that are quiet, and lets no one have more than a burst', () => {
  const limit = new RateLimit({ perSecond: 1, burst: 2, peers: 2 });
  expect([limit.take('a', 2, 0), limit.take('a', 1, 0), limit.take('a', 1, 1_000)]).toEqual([
    true,
    false,
    true,
  ]);
  expect(limit.take('a', 3, 1e9)).toBe(false);
  limit.take('b', 2, 1e9);
  limit.take('c', 2, 1e9);
  expect(limit.take('a', 2, 1e9)).toBe(true);
});
