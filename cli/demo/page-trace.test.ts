import { expect, test } from 'vitest';
import { type JaegerTrace, widest } from './page-trace.ts';

/** Spans as `id parent service`, the first with the page's path. */
function trace(traceID: string, spans: readonly string[], path = '/productpage'): JaegerTrace {
  const parts = spans.map((span) => span.split(' ') as [string, string, string]);
  return {
    traceID,
    spans: parts.map(([spanID, parent, service], i) => ({
      spanID,
      references: parent === '-' ? [] : [{ spanID: parent }],
      processID: service,
      tags: i === 0 ? [{ key: 'url.path', value: path }] : [],
    })),
    processes: Object.fromEntries(parts.map(([, , service]) => [service, { serviceName: service }])),
  };
}

const short = trace('short', ['1 - productpage', '2 1 reviews']);
const long = trace('long', ['1 - productpage', '2 1 reviews', '3 2 ratings']);

test.each<[string, JaegerTrace[], string | undefined]>([
  ['the one through the most services', [short, long, short], 'long'],
  [
    'none of what has lost a parent',
    [trace('orphan', ['1 - productpage', '2 9 reviews', '3 2 ratings']), short],
    'short',
  ],
  ['none with two roots', [trace('two', ['1 - productpage', '2 - reviews']), short], 'short'],
  [
    'none of another page',
    [trace('other', ['1 - productpage', '2 1 reviews', '3 2 ratings'], '/api'), short],
    'short',
  ],
  ['nothing among nothing', [], undefined],
])('shows %s', (_what, traces, expected) => {
  expect(widest(traces)?.traceID).toBe(expected);
});
