import { expect, test } from 'vitest';
import { createLogger, silentLogger } from '#api/foundation/logger.ts';
import { FakeTelemetry } from './http/testing/fakes.ts';
import { type ObserverParts, SidecarObservers } from './observers.ts';
import type { StatsSpec } from './telemetry/stats-spec.ts';
import type { TracingSpec } from './tracing/tracing-spec.ts';

const telemetry = Object.assign(new FakeTelemetry(), { under: (): FakeTelemetry => changed });
const changed = new FakeTelemetry();
const tracing = { begin: () => undefined };
const log = { write() {} };
const TRACING = { key: 't' } as unknown as TracingSpec;
const STATS: StatsSpec = { key: 's', metrics: [] };

function observers(more: Partial<ObserverParts> = {}): SidecarObservers {
  return new SidecarObservers({
    telemetry,
    tracers: { of: () => tracing },
    accessLogs: { of: (specs) => (specs.length === 0 ? undefined : log) },
    logger: silentLogger,
    ...more,
  });
}

test('what a listener asks for is made by who makes it', () => {
  const made = observers();
  expect(made.tracing(TRACING, 'source')).toBe(tracing);
  expect(made.tracing(undefined, 'source')).toBeUndefined();
  expect(made.metrics(STATS)).toBe(changed);
  expect(made.accessLog([])).toBeUndefined();
  expect(made.accessLog([{ key: 'a', format: { text: '' }, omitEmpty: false, filter: undefined }])).toBe(log);
});

test('what cannot be made is said, and left out', () => {
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', write: (line) => void lines.push(line), wallMs: () => 0 });
  const fail = (): never => {
    throw new Error('cannot be made');
  };
  const unable = Object.assign(new FakeTelemetry(), { under: fail });
  const made = observers({ telemetry: unable, tracers: { of: fail }, accessLogs: { of: fail }, logger });
  expect(made.tracing(TRACING, 'source')).toBeUndefined();
  expect(made.accessLog([])).toBeUndefined();
  expect(made.metrics(STATS)).toBe(unable);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject(
    ['tracing', 'access log', 'metrics'].map((what) => ({ what, error: 'cannot be made' })),
  );
});
