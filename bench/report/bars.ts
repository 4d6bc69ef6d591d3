/** Horizontal bars, one a subject, as SVG text: the shorter, the cheaper. */

export interface Bar {
  readonly name: string;
  /** Parts of the bar from left to right; a part without a figure is 0. */
  readonly parts: readonly number[];
  /** What stands behind the bar. */
  readonly label: string;
}

export interface Bars {
  readonly title: string;
  readonly unit: string;
  /** What the parts are; empty when there is but one. */
  readonly legend: readonly string[];
  readonly bars: readonly Bar[];
}

const WIDTH = 760;
const LEFT = 150;
const RIGHT = 110;
const ROW = 30;
const TOP = 56;
const INK = '#333';
/** The project's bars stand out; the second tone is for a second part. */
const OURS = ['#1b7f5c', '#7fc3a9'];
const THEIRS = ['#6b7785', '#b4bcc6'];

export function drawBars({ title, unit, legend, bars }: Bars): string {
  const height = TOP + ROW * bars.length + 12;
  const longest = Math.max(...bars.map(({ parts }) => sum(parts)), Number.MIN_VALUE);
  const scale = (WIDTH - LEFT - RIGHT) / longest;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12" fill="${INK}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="12" y="22" font-size="14">${escaped(title)}</text>`,
    `<text x="12" y="42" fill="#666">${escaped([unit, ...legend].join(' · '))}</text>`,
    ...bars.map((bar, row) => drawBar(bar, TOP + ROW * row, scale)),
    '</svg>',
  ];
  return `${lines.join('\n')}\n`;
}

function drawBar({ name, parts, label }: Bar, top: number, scale: number): string {
  const tones = name.startsWith('weft') ? OURS : THEIRS;
  let x = LEFT;
  const boxes = parts.map((part, i) => {
    const width = part * scale;
    const box = `<rect x="${x.toFixed(1)}" y="${top}" width="${width.toFixed(1)}" height="20" fill="${tones[i % tones.length]}"/>`;
    x += width;
    return box;
  });
  const middle = top + 14;
  return [
    `<text x="${LEFT - 10}" y="${middle}" text-anchor="end">${escaped(name)}</text>`,
    ...boxes,
    `<text x="${(x + 8).toFixed(1)}" y="${middle}">${escaped(label)}</text>`,
  ].join('');
}

function sum(parts: readonly number[]): number {
  return parts.reduce((total, part) => total + part, 0);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
