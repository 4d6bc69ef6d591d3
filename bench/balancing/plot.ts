/** A line chart with a logarithmic scale of milliseconds, as SVG text. */

export interface Line {
  readonly name: string;
  readonly colour: string;
  /** One value a second, milliseconds. */
  readonly values: readonly number[];
}

export interface Chart {
  readonly title: string;
  readonly lines: readonly Line[];
  /** Marked, in seconds. */
  readonly span: { readonly from: number; readonly to: number; readonly label: string };
  readonly seconds: number;
}

const WIDTH = 760;
const HEIGHT = 360;
const LEFT = 60;
const RIGHT = 20;
const TOP = 50;
const BOTTOM = 45;
const FLOOR_MS = 1;
const CEILING_MS = 1_000;
const INK = '#333';

export function drawChart({ title, lines, span, seconds }: Chart): string {
  const x = (second: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * second) / seconds;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="${INK}">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${LEFT}" y="20" font-size="14">${title}</text>`,
    `<rect x="${x(span.from)}" y="${TOP}" width="${x(span.to) - x(span.from)}" height="${y(FLOOR_MS) - TOP}" fill="#f3f0e6"/>`,
    `<text x="${x(span.from) + 6}" y="${y(FLOOR_MS) - 8}">${span.label}</text>`,
    ...[1, 10, 100, 1_000].map(
      (ms) =>
        `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(ms)}" y2="${y(ms)}" stroke="#ddd"/>` +
        `<text x="${LEFT - 8}" y="${y(ms) + 4}" text-anchor="end">${ms} ms</text>`,
    ),
    ...[0, 15, 30, 45, 60]
      .filter((second) => second <= seconds)
      .map(
        (second) =>
          `<text x="${x(second)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${second} s</text>`,
      ),
    ...lines.map((line, i) => drawLine(line, i, x)),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function drawLine({ name, colour, values }: Line, index: number, x: (second: number) => number): string {
  const points = values.map((value, second) => `${x(second + 0.5).toFixed(1)},${y(value)}`);
  const keyX = LEFT + 170 * index;
  return (
    `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.join(' ')}"/>` +
    `<line x1="${keyX}" x2="${keyX + 24}" y1="36" y2="36" stroke="${colour}" stroke-width="3"/>` +
    `<text x="${keyX + 30}" y="40">${name}</text>`
  );
}

function y(ms: number): number {
  const within = Math.min(CEILING_MS, Math.max(FLOOR_MS, ms));
  const part = Math.log(within / FLOOR_MS) / Math.log(CEILING_MS / FLOOR_MS);
  return Math.round(HEIGHT - BOTTOM - part * (HEIGHT - BOTTOM - TOP));
}
