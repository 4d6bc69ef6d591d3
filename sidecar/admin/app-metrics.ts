/**
 * The app's own metrics, fetched from it whenever somebody scrapes the merged page. They are kept whole or left out whole, and
 * whatever the app does, the sidecar's part of the page is the same: an app may be down, slow, endless or no exposition at all.
 */
import { type IncomingMessage, request } from 'node:http';
import type { MetricDescription } from '#api/foundation/metric.ts';
import { STANDARD_METRICS } from '#sidecar/telemetry/standard.ts';
import { type ReadMetric, sample } from '#sidecar/telemetry/text-format.ts';
import { findFlaw } from './exposition-check.ts';

/** More than this is not taken; 4 MiB are some forty thousand series. */
export const MAX_APP_BYTES: number = 4 * 1024 * 1024;
/** Prometheus' default of `scrape_timeout`, for scrapers that do not say how long they wait. */
const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_TIMEOUT_MS = 60_000;
/** This part of it is left for the page itself. */
const RESERVED = 0.2;

export const FAILURES = ['unreachable', 'timeout', 'status', 'content', 'size', 'syntax'] as const;
export type Failure = (typeof FAILURES)[number];

/** What became of the scrapes of the app. */
export interface AppScrapes {
  succeeded: number;
  readonly failed: Record<Failure, number>;
  /** Of the last one. */
  success: boolean;
  seconds: number;
  bytes: number;
}

type Result = { readonly text: string } | { readonly failure: Failure };

export class AppMetrics {
  readonly scrapes: AppScrapes = {
    succeeded: 0,
    failed: { unreachable: 0, timeout: 0, status: 0, content: 0, size: 0, syntax: 0 },
    success: false,
    seconds: 0,
    bytes: 0,
  };
  readonly #port: number;
  readonly #path: string;
  readonly #host: string;
  #underWay: Promise<string> | undefined;

  /** `host`: the pod's loopback; tests may say another. */
  constructor(at: { readonly port: number; readonly path: string }, host = '127.0.0.1') {
    this.#port = at.port;
    this.#path = at.path;
    this.#host = host;
  }

  /** What the app says; '' when that cannot be put on a page. Never rejects. Scrapers that come at once share one answer. */
  read(timeoutMs: number): Promise<string> {
    this.#underWay ??= this.#scrape(timeoutMs).finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #scrape(timeoutMs: number): Promise<string> {
    const startMs = performance.now();
    const result = await this.#fetch(timeoutMs);
    const { scrapes } = this;
    scrapes.seconds = (performance.now() - startMs) / 1000;
    scrapes.success = 'text' in result;
    if ('failure' in result) scrapes.failed[result.failure] += 1;
    else scrapes.succeeded += 1;
    scrapes.bytes = 'text' in result ? Buffer.byteLength(result.text) : 0;
    return 'text' in result ? result.text : '';
  }

  #fetch(timeoutMs: number): Promise<Result> {
    return new Promise((resolve) => {
      const headers = {
        accept: 'text/plain;version=0.0.4',
        'accept-encoding': 'identity',
        'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1000),
      };
      const call = request({
        host: this.#host,
        port: this.#port,
        path: this.#path,
        headers,
        agent: false,
        maxHeaderSize: 16_384,
      });
      const finish = (result: Result): void => {
        clearTimeout(timer);
        resolve(result);
        call.destroy();
      };
      const timer = setTimeout(() => finish({ failure: 'timeout' }), timeoutMs);
      call.on('error', () => finish({ failure: 'unreachable' }));
      call.on('response', (response) => take(response, finish));
      call.end();
    });
  }
}

function take(response: IncomingMessage, finish: (result: Result) => void): void {
  const failure = failureOf(response);
  if (failure !== undefined) {
    finish({ failure });
    return;
  }
  const pieces: Buffer[] = [];
  let bytes = 0;
  response.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > MAX_APP_BYTES) finish({ failure: 'size' });
    else pieces.push(piece);
  });
  response.on('error', () => finish({ failure: 'unreachable' }));
  response.on('close', () => {
    if (!response.complete) finish({ failure: 'unreachable' });
  });
  response.on('end', () => void checked(pieces).then(finish));
}

function failureOf({ statusCode, headers }: IncomingMessage): Failure | undefined {
  if (statusCode !== 200) return 'status';
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== undefined && type !== 'text/plain') return 'content';
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return 'content';
  return Number(headers['content-length'] ?? 0) > MAX_APP_BYTES ? 'size' : undefined;
}

async function checked(pieces: readonly Buffer[]): Promise<Result> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces));
  } catch {
    return { failure: 'syntax' };
  }
  return (await findFlaw(text, isOurs)) === undefined ? { text } : { failure: 'syntax' };
}

const STANDARD = new Set(
  STANDARD_METRICS.flatMap(({ name, type }) =>
    type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);

/** Two series of the same name and labels would make the page worthless. */
function isOurs(name: string): boolean {
  return STANDARD.has(name) || name.startsWith('weft_sidecar_');
}

/** How long the app may take when a scraper waits as long as it says (`X-Prometheus-Scrape-Timeout-Seconds`). */
export function appTimeoutMs(header: string | undefined): number {
  const seconds = Number(header);
  const waitsMs = seconds > 0 ? Math.min(seconds * 1000, MAX_TIMEOUT_MS) : DEFAULT_TIMEOUT_MS;
  return waitsMs * (1 - RESERVED);
}

export const APP_METRICS: readonly ReadMetric<AppScrapes>[] = [
  {
    ...about('gauge', 'success', "Whether the app's metrics were taken when they were last asked for."),
    read: ({ success }) => Number(success),
  },
  {
    ...about('gauge', 'duration_seconds', 'How long that took.'),
    read: ({ seconds }) => seconds,
  },
  { ...about('gauge', 'bytes', 'How much was taken.'), read: ({ bytes }) => bytes },
  {
    ...about('counter', 'successes_total', "How often the app's metrics were taken."),
    read: ({ succeeded }) => succeeded,
  },
  {
    ...about('counter', 'failures_total', 'How often they were left out, and why.'),
    labels: ['reason'],
    read: ({ failed }) => FAILURES.map((reason) => sample(failed[reason], { reason })),
  },
];

function about<Type extends MetricDescription['type']>(type: Type, name: string, help: string) {
  return { name: `weft_sidecar_app_scrape_${name}`, type, help, labels: [] };
}
