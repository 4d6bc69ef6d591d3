import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readDashboards } from '../support/dashboards.ts';

/** What Grafana would not say of a dashboard, and a reader would miss. A Prometheus answers its queries in test/mesh. */

const RULES = 'examples/prometheus/rules';
const recorded = readdirSync(RULES).flatMap((file) => {
  const { groups } = parse(readFileSync(`${RULES}/${file}`, 'utf8')) as {
    groups: { rules: { record?: string; expr: string }[] }[];
  };
  return groups.flatMap(({ rules }) => rules);
});
const reference = readFileSync('docs/reference/metrics.md', 'utf8');
/** Counted by Prometheus itself, or by the library of Node's programs, of which the reference names none by one. */
const ELSEWHERE = /^(ALERTS|up|process_|nodejs_)/;

/** Names of metrics in an expression: words before a selector or a range. Pure. */
function metricsIn(expr: string): string[] {
  const names = [...expr.replaceAll(/"[^"]*"/g, '').matchAll(/([a-zA-Z_:][\w:]*)\s*(?=[{[])/g)].map(
    ([, name]) => name!,
  );
  return names.filter((name) => name !== 'by').map((name) => name.replace(/_(bucket|sum|count)$/, ''));
}

function isKnown(name: string): boolean {
  return (
    recorded.some(({ record }) => record === name) ||
    ELSEWHERE.test(name) ||
    reference.includes(`\`${name}\``)
  );
}

describe.each(readDashboards().map((dashboard) => [dashboard.file, dashboard] as const))(
  '%s',
  (_, dashboard) => {
    const panels = dashboard.panels.filter(({ type }) => type !== 'row');

    test('has panels that say what they show, in a unit, with legends', () => {
      for (const { title, type, description, fieldConfig, targets = [] } of panels) {
        expect({ title, words: (description ?? '').length > 5, unit: fieldConfig?.defaults.unit }).toEqual({
          title,
          words: true,
          unit: expect.stringMatching(/^\w+$/),
        });
        expect(targets.length).toBeGreaterThan(0);
        if (type === 'timeseries') for (const { legendFormat } of targets) expect(legendFormat).not.toBe('');
      }
    });

    test('has panels of their own places and numbers, within 24 columns', () => {
      const ids = dashboard.panels.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_cell, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      for (const { gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    });

    test('uses variables that it has', () => {
      const names = dashboard.templating.list.map(({ name }) => name);
      const used = [...JSON.stringify(dashboard.panels).matchAll(/\$\{?(\w+)/g)].map(([, name]) => name!);
      expect(used.filter((name) => !names.includes(name) && name !== '__rate_interval')).toEqual([]);
    });

    test('asks for metrics that there are', () => {
      const names = panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => metricsIn(expr)));
      expect(names.length).toBeGreaterThan(10);
      expect([...new Set(names)].filter((name) => !isKnown(name))).toEqual([]);
    });
  },
);

test('rules ask for metrics that there are', () => {
  const names = recorded.flatMap(({ expr }) => metricsIn(expr));
  expect([...new Set(names)].filter((name) => !isKnown(name))).toEqual([]);
});
