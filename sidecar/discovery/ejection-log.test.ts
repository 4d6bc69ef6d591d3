import { describe, expect, test } from 'vitest';
import { createLogger } from '#api/foundation/logger.ts';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { UpstreamCounts } from '#sidecar/telemetry/upstream-counts.ts';
import { endpointsOf, policyOf } from '#sidecar/upstream/testing/endpoints.ts';
import { EjectionLog } from './ejection-log.ts';

function start() {
  const clock = new ManualClock();
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line));
  const logger = createLogger({ level: 'info', write, wallMs: () => 0 });
  const counts = new UpstreamCounts();
  const listener = new EjectionLog(logger, clock, counts).listenerOf(policyOf());
  const [endpoint] = endpointsOf([1], clock);
  return { clock, lines, counts, listener, endpoint: endpoint! };
}

describe('the log of ejections', () => {
  test('says which endpoint of which cluster, why and for how long; and that it is back', () => {
    const { lines, listener, endpoint } = start();
    listener.onEjected(endpoint, 'consecutive-5xx', 30_000.4);
    listener.onReturned(endpoint);
    const where = { cluster: 'outbound|80||app.test', endpoint: '10.0.0.0:80' };
    expect(lines).toMatchObject([
      { level: 'warn', message: 'endpoint ejected', ...where, cause: 'consecutive-5xx', forMs: 30_000 },
      { level: 'info', message: 'endpoint returned', ...where },
    ]);
  });

  test('takes so many lines and the number of the rest; all are counted', () => {
    const { clock, lines, counts, listener, endpoint } = start();
    for (let i = 0; i < 60; i += 1) listener.onEjected(endpoint, 'trial', 1);
    expect(lines).toHaveLength(50);
    clock.advance(5_000);
    expect(lines.at(-1)).toMatchObject({
      message: 'ejections and returns were left out of the log',
      lines: 10,
    });
    expect(counts.read([]).get('app.test')?.ejections).toEqual(new Map([['trial', 60]]));
  });

  test('has room again after a while', () => {
    const { clock, lines, listener, endpoint } = start();
    for (let i = 0; i < 50; i += 1) listener.onReturned(endpoint);
    clock.advance(1_000);
    for (let i = 0; i < 3; i += 1) listener.onReturned(endpoint);
    expect(lines).toHaveLength(52);
  });
});
