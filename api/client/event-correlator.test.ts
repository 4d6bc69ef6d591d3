import { describe, expect, test } from 'vitest';
import { EventCorrelator, type Told } from './event-correlator.ts';

const told = (message: string, over: Partial<Told> = {}): Told => ({
  source: ['sidecar', 'node', 'Pod', 'web'],
  type: 'Warning',
  reason: 'Unhealthy',
  message,
  ...over,
});
const MINUTE = 60_000;

describe('the filter', () => {
  test('lets 25 pass at once and one every 5 minutes, and tells later how often it happened', () => {
    const correlator = new EventCorrelator();
    const passed = Array.from({ length: 100 }, () => correlator.correlate(told('no'), 0)).filter(Boolean);
    expect(passed).toHaveLength(25);
    expect(correlator.correlate(told('no'), 4 * MINUTE)).toBeUndefined();
    expect(correlator.correlate(told('no'), 5 * MINUTE)).toMatchObject({ times: 77 });
    expect(correlator.correlate(told('no'), 5 * MINUTE)).toBeUndefined();
    expect(correlator.correlate(told('no'), 10 * MINUTE)).toMatchObject({ times: 2 });
  });

  test('never saves up more than 25', () => {
    const correlator = new EventCorrelator();
    correlator.correlate(told('no'), 0);
    const later = Array.from({ length: 50 }, () => correlator.correlate(told('no'), 10_000 * MINUTE));
    expect(later.filter(Boolean)).toHaveLength(25);
  });

  test('another object, or another who tells, has a measure of its own', () => {
    const correlator = new EventCorrelator();
    for (let i = 0; i < 100; i += 1) correlator.correlate(told('no'), 0);
    expect(correlator.correlate(told('no', { source: ['sidecar', 'node', 'Pod', 'api'] }), 0)).toBeDefined();
    expect(correlator.correlate(told('no', { source: ['kubelet', 'node', 'Pod', 'web'] }), 0)).toBeDefined();
    expect(correlator.correlate(told('no', { reason: 'Other' }), 0)).toBeUndefined();
  });

  test('a clock that is set back gives nothing away', () => {
    const correlator = new EventCorrelator();
    for (let i = 0; i < 25; i += 1) correlator.correlate(told('no'), 100 * MINUTE);
    expect(correlator.correlate(told('no'), 0)).toBeUndefined();
    expect(correlator.correlate(told('no'), 100 * MINUTE)).toBeUndefined();
  });
});

describe('similar messages', () => {
  test('the tenth within ten minutes and those after it are one event', () => {
    const correlator = new EventCorrelator();
    const all = Array.from({ length: 15 }, (_, i) => correlator.correlate(told(`took ${i} ms`), i));
    expect(all.slice(0, 9).map((each) => each?.message)).toEqual(
      Array.from({ length: 9 }, (_, i) => `took ${i} ms`),
    );
    expect(all[9]?.message).toBe('(combined from similar events): took 9 ms');
    expect(all[14]?.message).toBe('(combined from similar events): took 14 ms');
    expect(all[14]?.identity).toEqual(all[9]?.identity);
    expect(new Set(all.map((each) => JSON.stringify(each?.identity))).size).toBe(10);
  });

  test('after ten minutes without any they are told one by one again', () => {
    const correlator = new EventCorrelator();
    for (let i = 0; i < 12; i += 1) correlator.correlate(told(`took ${i} ms`), 0);
    expect(correlator.correlate(told('took 5 ms'), 11 * MINUTE)?.message).toBe('took 5 ms');
  });
});

test('what is remembered has an end', () => {
  const correlator = new EventCorrelator();
  for (let i = 0; i < 30; i += 1) correlator.correlate(told('no', { source: ['first'] }), 0);
  expect(correlator.correlate(told('no', { source: ['first'] }), 0)).toBeUndefined();
  for (let i = 0; i < 5_000; i += 1) correlator.correlate(told('no', { source: [`${i}`] }), 0);
  expect(correlator.correlate(told('no', { source: ['first'] }), 0)).toBeDefined();
});
