/** Keeps the whole course beside the report: the p99 of every second, and a drawing of it. */
import { writeFileSync } from 'node:fs';
import { USUAL_DELAY_MS } from './delay.ts';
import { drawChart } from './plot.ts';
import type { Row, Span } from './summary.ts';

export interface Setting {
  readonly endpoints: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly slow: Span;
  readonly delayMs: number;
  readonly rows: readonly Row[];
}

export function publish(setting: Setting, lines: readonly { readonly colour: string }[]): void {
  const { endpoints, perSecond, seconds, slow, delayMs, rows } = setting;
  const chart = drawChart({
    title: `p99 of each second, ${perSecond} requests/s over ${endpoints} endpoints of ${USUAL_DELAY_MS} ms`,
    lines: rows.map((row, i) => ({
      name: row.balancer,
      colour: lines[i]!.colour,
      values: row.p99EachSecondMs,
    })),
    span: { from: slow.fromS, to: slow.toS, label: `one endpoint takes ${delayMs} ms` },
    seconds,
  });
  writeFileSync(new URL('slow-endpoint.json', import.meta.url), `${JSON.stringify(setting, null, 2)}\n`);
  writeFileSync(new URL('slow-endpoint.svg', import.meta.url), chart);
}
