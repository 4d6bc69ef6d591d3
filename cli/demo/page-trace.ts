/** Loads a few pages and finds the trace of one that is whole, by the query API that Jaeger and weft's viewer share. */
import { request } from 'undici';
import { sendLoad } from './traffic.ts';

/** Enough for one to reach ratings when a tenth of them does, mostly. */
const PAGES = 30;
/** Spans are sent in batches, a few seconds apart; one that is late is no reason to fail. */
const PATIENCE_MS = 12_000;
const POLL_MS = 250;
const ASK_TIMEOUT_MS = 2_000;

/** As far as Jaeger's answer is read. */
interface JaegerSpan {
  readonly spanID: string;
  readonly references: readonly { readonly spanID: string }[];
  readonly processID: string;
  readonly tags: readonly { readonly key: string; readonly value: unknown }[];
}
export interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

export interface Look {
  /** The viewer's pages, without a slash at the end. */
  readonly viewer: string;
  readonly page: string;
  readonly signal: AbortSignal;
}

/** The page of a whole trace in the viewer; undefined when none has come in time. */
export async function findPageTrace({ viewer, page, signal }: Look): Promise<string | undefined> {
  const startUs = Date.now() * 1_000;
  await sendLoad({ url: page, requests: PAGES, concurrency: 2, signal });
  let best: JaegerTrace | undefined;
  for (const until = performance.now() + PATIENCE_MS; performance.now() < until; ) {
    signal.throwIfAborted();
    const traces = await ask(
      `${viewer}/api/traces?service=productpage.default&limit=200&start=${startUs}&end=${Date.now() * 1_000}`,
    );
    best = widest(traces);
    if (best !== undefined && servicesOf(best) >= SERVICES) break;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return best === undefined ? undefined : `${viewer}/trace/${best.traceID}`;
}

/** productpage, details, reviews and ratings. */
const SERVICES = 4;

/** Of the pages' traces that are whole, the one through the most services. Pure. */
export function widest(traces: readonly JaegerTrace[]): JaegerTrace | undefined {
  return traces
    .filter(isWholePage)
    .toSorted((a, b) => servicesOf(b) - servicesOf(a))
    .at(0);
}

/** One root, which is the page, and every parent there. */
function isWholePage({ spans }: JaegerTrace): boolean {
  const ids = new Set(spans.map(({ spanID }) => spanID));
  const roots = spans.filter(({ references }) => references.length === 0);
  const whole = spans.every(({ references }) => references.every(({ spanID }) => ids.has(spanID)));
  const page = roots[0]?.tags.some(({ key, value }) => key === 'url.path' && value === '/productpage');
  return roots.length === 1 && whole && page === true;
}

function servicesOf({ spans, processes }: JaegerTrace): number {
  return new Set(spans.map(({ processID }) => processes[processID]?.serviceName)).size;
}

async function ask(url: string): Promise<readonly JaegerTrace[]> {
  try {
    const { body, statusCode } = await request(url, {
      headersTimeout: ASK_TIMEOUT_MS,
      bodyTimeout: ASK_TIMEOUT_MS,
    });
    const { data } = (await body.json()) as { data: readonly JaegerTrace[] | null };
    return statusCode === 200 ? (data ?? []) : [];
  } catch {
    return []; // It was not ready for this, or is gone: the demo goes on without.
  }
}
