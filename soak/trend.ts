/** Whether a line is flat, as far as its noise lets one say. */

export interface Point {
  readonly seconds: number;
  readonly value: number;
}

export interface Trend {
  /** Change in an hour, by least squares. */
  readonly perHour: number;
  /** Half of the 95 % confidence interval of `perHour`; Infinity with fewer than four points. */
  readonly margin: number;
}

const SECONDS_PER_HOUR = 3600;

/** Standard errors on each side that hold 95 %. */
const CONFIDENCE = 1.96;

export function trendOf(points: readonly Point[]): Trend {
  const n = points.length;
  const x = mean(points.map(({ seconds }) => seconds));
  const y = mean(points.map(({ value }) => value));
  const spread = sum(points.map(({ seconds }) => (seconds - x) ** 2));
  if (n < 4 || spread === 0) return { perHour: 0, margin: Number.POSITIVE_INFINITY };
  const slope = sum(points.map(({ seconds, value }) => (seconds - x) * (value - y))) / spread;
  const residuals = points.map(({ seconds, value }) => value - y - slope * (seconds - x));
  const variance = sum(residuals.map((each) => each ** 2)) / (n - 2);
  const error = Math.sqrt(variance / spread) * inflation(residuals);
  return { perHour: slope * SECONDS_PER_HOUR, margin: CONFIDENCE * error * SECONDS_PER_HOUR };
}

/**
 * Samples of memory hang together: what is up now was up a moment ago. Then there is less to learn from them than their
 * number says, by this factor of the standard error (an autoregressive process of order one).
 */
function inflation(residuals: readonly number[]): number {
  const total = sum(residuals.map((each) => each ** 2));
  if (total === 0) return 1;
  const lagged = sum(residuals.slice(1).map((each, i) => each * residuals[i]!));
  const correlation = Math.min(0.95, Math.max(0, lagged / total));
  return Math.sqrt((1 + correlation) / (1 - correlation));
}

/** Grows by more than `perHour`, beyond the noise. */
export function grows({ perHour, margin }: Trend, limitPerHour: number): boolean {
  return perHour - margin > limitPerHour;
}

const BARS = '▁▂▃▄▅▆▇█';

/** The line in `width` characters, from its least to its greatest value. */
export function sparkline(values: readonly number[], width: number): string {
  const least = Math.min(...values);
  const range = Math.max(...values) - least;
  const count = Math.min(width, values.length);
  return Array.from({ length: count }, (_, i) => {
    const part = values.slice(
      Math.floor((i * values.length) / count),
      Math.floor(((i + 1) * values.length) / count),
    );
    const height = range === 0 ? 0 : (mean(part) - least) / range;
    return BARS[Math.min(BARS.length - 1, Math.floor(height * BARS.length))]!;
  }).join('');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
