import { expect, test } from 'vitest';
import { DESCRIBED_METRICS } from './described-metrics.ts';

/** Prometheus' base units; a name that has one ends with it. */
const UNITS = ['seconds', 'bytes', 'ratio'];

test.each(DESCRIBED_METRICS.map((metric) => [metric.name, metric] as const))(
  '%s is named as Prometheus names metrics',
  (name, { type, help, labels }) => {
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(name).not.toMatch(
      /_(count|sum|bucket|milliseconds|ms|kb|percent)$(?<!istio_request_duration_milliseconds)/,
    );
    expect(help).toMatch(/^[A-Z].*\.$/s);
    expect(help).not.toContain('\n');
    expect(new Set(labels).size).toBe(labels.length);
    expect(labels.filter((label) => !/^[a-z][a-z0-9_]*$/.test(label))).toEqual([]);
    for (const unit of UNITS)
      if (name.includes(`_${unit}`)) expect(name).toMatch(new RegExp(`_${unit}(_total)?$`));
  },
);

test('no two have the same name', () => {
  expect(new Set(DESCRIBED_METRICS.map(({ name }) => name)).size).toBe(DESCRIBED_METRICS.length);
});
